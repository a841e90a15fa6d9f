package plugin

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// field is one member of a JSON object, as the tags of a struct say it.
type field struct {
	name  string
	index []int
	typ   reflect.Type
	// quoted: `json:",string"`, a number that travels as a string.
	quoted, omitEmpty, omitZero bool
	doc, fallback               string
	hasFallback, secret         bool
	enum                        []string
}

// optional: whether a sender may leave the member out.
func (f *field) optional() bool {
	return f.omitEmpty || f.omitZero || f.hasFallback || f.typ.Kind() == reflect.Pointer
}

var fieldsOfType sync.Map // reflect.Type -> []field

// fieldsOf lists the members in the order of the struct. Of two of the same name the outer one counts, then the first.
func fieldsOf(t reflect.Type) []field {
	if known, ok := fieldsOfType.Load(t); ok {
		return known.([]field)
	}
	var fields []field
	depth := map[string]int{}
	collect(t, nil, nil, func(each field) {
		level, seen := depth[each.name]
		if seen && level <= len(each.index) {
			return
		}
		depth[each.name] = len(each.index)
		if seen {
			for i := range fields {
				if fields[i].name == each.name {
					fields = append(fields[:i], fields[i+1:]...)
					break
				}
			}
		}
		fields = append(fields, each)
	})
	fieldsOfType.Store(t, fields)
	return fields
}

func collect(t reflect.Type, index []int, above []reflect.Type, add func(field)) {
	for i := range t.NumField() {
		member := t.Field(i)
		tag := member.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		at := append(append([]int{}, index...), i)
		if inner := indirect(member.Type); member.Anonymous && name == "" && inner.Kind() == reflect.Struct {
			// A pointer to an unexported struct can not be filled in by reflection.
			unreachable := !member.IsExported() && member.Type.Kind() == reflect.Pointer
			if !unreachable && !contains(above, inner) {
				collect(inner, at, append(above, t), add)
			}
			continue
		}
		if !member.IsExported() {
			continue
		}
		each := field{name: name, index: at, typ: member.Type, doc: member.Tag.Get("doc")}
		if name == "" {
			each.name = member.Name
		}
		for _, option := range strings.Split(options, ",") {
			switch option {
			case "omitempty":
				each.omitEmpty = true
			case "omitzero":
				each.omitZero = true
			case "string":
				each.quoted = isNumber(indirect(member.Type).Kind())
			}
		}
		if names, ok := member.Tag.Lookup("enum"); ok {
			each.enum = strings.Split(names, ",")
		}
		each.fallback, each.hasFallback = member.Tag.Lookup("default")
		each.secret = member.Tag.Get("secret") == "true"
		add(each)
	}
}

// reach is the field's value, through embedded pointers, which are filled in when `make` is set.
func reach(v reflect.Value, index []int, make bool) (reflect.Value, bool) {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !make {
					return v, false
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v, true
}

func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func contains(types []reflect.Type, t reflect.Type) bool {
	for _, each := range types {
		if each == t {
			return true
		}
	}
	return false
}

func isInteger(kind reflect.Kind) bool { return kind >= reflect.Int && kind <= reflect.Uint64 }

func isUnsigned(kind reflect.Kind) bool { return kind >= reflect.Uint && kind <= reflect.Uint64 }

func isNumber(kind reflect.Kind) bool {
	return isInteger(kind) || kind == reflect.Float32 || kind == reflect.Float64
}

var (
	marshaler       = reflect.TypeFor[json.Marshaler]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// has: whether the type, or a pointer to it, has these methods.
func has(t, methods reflect.Type) bool {
	return t.Implements(methods) || reflect.PointerTo(t).Implements(methods)
}
