package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// Schema is a JSON Schema, draft 2020-12.
type Schema = map[string]any

// Schemer is a type that says itself how its JSON looks. A type with its own MarshalJSON or UnmarshalJSON should have
// this method; without it, its values may be anything.
type Schemer interface{ JSONSchema() Schema }

// usage is what a schema is for: the three differ in what may be left out and what may be null.
type usage int

const (
	asParams usage = iota
	asResult
	asConfig
)

// members is an object whose order is kept.
type members []struct {
	name  string
	value any
}

func (m members) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, each := range m {
		if i > 0 {
			out.WriteByte(',')
		}
		name, _ := json.Marshal(each.name)
		value, err := json.Marshal(each.value)
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// schemaOf describes a type. It panics where the type can not be JSON: that is a mistake of the program.
func schemaOf(t reflect.Type, use usage) Schema {
	w := writer{use: use, open: map[reflect.Type]bool{}, names: map[reflect.Type]string{}, defs: Schema{}}
	schema := w.schema(t)
	if len(w.defs) == 0 {
		return schema
	}
	if name, recursive := w.names[t]; recursive {
		schema = w.defs[name].(Schema)
	}
	root := Schema{"$defs": w.defs}
	for member, value := range schema {
		root[member] = value
	}
	return root
}

type writer struct {
	use   usage
	open  map[reflect.Type]bool
	names map[reflect.Type]string // of types that contain themselves
	defs  Schema
}

func (w *writer) schema(t reflect.Type) Schema {
	if schemer, ok := reflect.New(t).Interface().(Schemer); ok && t.Kind() != reflect.Pointer {
		return schemer.JSONSchema()
	}
	if t.Kind() == reflect.Pointer {
		inner := w.schema(t.Elem())
		if w.use == asConfig {
			return inner
		}
		return nullable(inner)
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return Schema{"type": "string", "format": "date-time"}
	case has(t, marshaler) || has(t, unmarshaler):
		return Schema{}
	case has(t, textMarshaler) || has(t, textUnmarshaler):
		return Schema{"type": "string"}
	}
	switch kind := t.Kind(); {
	case kind == reflect.Bool:
		return Schema{"type": "boolean"}
	case isInteger(kind):
		return integerSchema(t)
	case isNumber(kind):
		return Schema{"type": "number"}
	case kind == reflect.String:
		return Schema{"type": "string"}
	case kind == reflect.Interface && t.NumMethod() == 0:
		return Schema{}
	case kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return Schema{"type": "string", "contentEncoding": "base64"}
	case kind == reflect.Slice:
		return w.once(t, func() Schema { return Schema{"type": "array", "items": w.schema(t.Elem())} })
	case kind == reflect.Array:
		return Schema{"type": "array", "items": w.schema(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case kind == reflect.Map && isKey(t.Key()):
		return w.once(t, func() Schema {
			return Schema{"type": "object", "additionalProperties": w.schema(t.Elem())}
		})
	case kind == reflect.Struct:
		return w.once(t, func() Schema { return w.object(t) })
	}
	panic(fmt.Sprintf("plugin: %s can not be JSON", t))
}

// once describes a type that may contain itself: then it is a definition that is referred to.
func (w *writer) once(t reflect.Type, describe func() Schema) Schema {
	if w.open[t] {
		if _, named := w.names[t]; !named {
			w.names[t] = w.freeName(t)
		}
		return Schema{"$ref": "#/$defs/" + w.names[t]}
	}
	w.open[t] = true
	schema := describe()
	delete(w.open, t)
	name, recursive := w.names[t]
	if !recursive {
		return schema
	}
	w.defs[name] = schema
	return Schema{"$ref": "#/$defs/" + name}
}

func (w *writer) freeName(t reflect.Type) string {
	stem := "Type"
	// The name of a generic type has brackets and paths in it.
	if name := t.Name(); name != "" && json.Valid([]byte(`"`+name+`"`)) && !bytes.ContainsAny([]byte(name), "[]/~.,") {
		stem = name
	}
	name := stem
	for n := 2; ; n++ {
		taken := false
		for _, other := range w.names {
			taken = taken || other == name
		}
		if !taken {
			return name
		}
		name = stem + strconv.Itoa(n)
	}
}

func (w *writer) object(t reflect.Type) Schema {
	schema := Schema{"type": "object"}
	var properties members
	var required []string
	for _, each := range fieldsOf(t) {
		properties = append(properties, struct {
			name  string
			value any
		}{each.name, w.member(&each)})
		if !each.optional() || w.use == asResult && !each.omitEmpty && !each.omitZero {
			required = append(required, each.name)
		}
	}
	if properties != nil {
		schema["properties"] = properties
	}
	if required != nil {
		schema["required"] = required
	}
	return schema
}

func (w *writer) member(f *field) Schema {
	t, pointer := f.typ, false
	// What is left out when it is nil is never null.
	if t.Kind() == reflect.Pointer && w.use == asResult && f.omitEmpty {
		t = t.Elem()
	} else if t.Kind() == reflect.Pointer {
		t, pointer = t.Elem(), w.use != asConfig
	}
	schema := w.schema(t)
	if f.quoted {
		schema = Schema{"type": "string", "format": "int64"}
		if !isInteger(t.Kind()) {
			schema = Schema{"type": "string"}
		}
	}
	if f.enum != nil {
		schema["enum"] = f.enum
	}
	if pointer {
		schema = nullable(schema)
	}
	if f.doc != "" {
		schema["description"] = f.doc
	}
	if f.secret {
		schema["writeOnly"] = true
	}
	if f.hasFallback {
		schema["default"] = f.fallbackJSON()
	}
	return schema
}

// fallbackJSON: the tag is JSON, or text that is meant as a string.
func (f *field) fallbackJSON() json.RawMessage {
	if indirect(f.typ).Kind() != reflect.String && json.Valid([]byte(f.fallback)) {
		return json.RawMessage(f.fallback)
	}
	text, _ := json.Marshal(f.fallback)
	return text
}

func nullable(schema Schema) Schema {
	kind, simple := schema["type"].(string)
	switch {
	case len(schema) == 0 || kind == "null":
		return schema
	case simple && schema["enum"] == nil:
		copied := Schema{}
		for member, value := range schema {
			copied[member] = value
		}
		copied["type"] = []string{kind, "null"}
		return copied
	}
	return Schema{"anyOf": []Schema{schema, {"type": "null"}}}
}

func integerSchema(t reflect.Type) Schema {
	schema := Schema{"type": "integer"}
	bits := t.Bits()
	switch unsigned := isUnsigned(t.Kind()); {
	case unsigned:
		schema["minimum"] = 0
		if bits < 64 {
			schema["maximum"] = uint64(1)<<bits - 1
		}
	case bits < 64:
		schema["minimum"] = -int64(1) << (bits - 1)
		schema["maximum"] = int64(1)<<(bits-1) - 1
	}
	return schema
}

// isKey: what encoding/json takes as the key of a map.
func isKey(t reflect.Type) bool {
	return t.Kind() == reflect.String || isInteger(t.Kind()) || has(t, textMarshaler) && has(t, textUnmarshaler)
}
