package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
)

// maxSafe is 2^53 − 1: up to there every integer is a number in every language.
const maxSafe = 1<<53 - 1

// The limits of protocol/README.md, less the levels of the message around a value.
const maxDepth = 96

// encode writes JSON by the rules of encoding/json, except that a nil slice is [] and a nil map {}, as their schemas
// say, and that an integer beyond ±(2^53 − 1) is an error rather than a number that its reader gets wrong.
func encode(value any) (json.RawMessage, error) {
	if value == nil {
		return json.RawMessage("null"), nil
	}
	// An addressable copy: methods of the pointer count too, wherever the value came from.
	v := reflect.New(reflect.TypeOf(value)).Elem()
	v.Set(reflect.ValueOf(value))
	var out bytes.Buffer
	if err := encodeAt(&out, v, "", 0); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func encodeAt(out *bytes.Buffer, v reflect.Value, path string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%.60s…: deeper than %d levels", path, maxDepth)
	}
	kind := v.Kind()
	if kind == reflect.Pointer || kind == reflect.Interface {
		if v.IsNil() {
			out.WriteString("null")
			return nil
		}
		inner := v.Elem()
		if kind == reflect.Interface {
			inner = addressable(inner)
		}
		return encodeAt(out, inner, path, depth)
	}
	t := v.Type()
	if has(t, marshaler) || has(t, textMarshaler) {
		return encodePlainly(out, v.Addr().Interface(), path)
	}
	switch {
	case isInteger(kind):
		return encodeInteger(out, v, path)
	case kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		if v.IsNil() {
			out.WriteString(`""`)
			return nil
		}
		return encodePlainly(out, v.Interface(), path)
	case kind == reflect.Slice, kind == reflect.Array:
		out.WriteByte('[')
		for i := range v.Len() {
			if i > 0 {
				out.WriteByte(',')
			}
			if err := encodeAt(out, addressable(v.Index(i)), path+"/"+strconv.Itoa(i), depth+1); err != nil {
				return err
			}
		}
		out.WriteByte(']')
	case kind == reflect.Map && t.Key().Kind() == reflect.String && !has(t.Key(), textMarshaler):
		return encodeMap(out, v, path, depth)
	case kind == reflect.Struct:
		return encodeStruct(out, v, path, depth)
	default:
		return encodePlainly(out, v.Interface(), path)
	}
	return nil
}

func encodePlainly(out *bytes.Buffer, value any, path string) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return unencodable(path, "%w", err)
	}
	out.Truncate(out.Len() - 1) // the line end that Encode adds
	return nil
}

func encodeInteger(out *bytes.Buffer, v reflect.Value, path string) error {
	var safe bool
	if isUnsigned(v.Kind()) {
		safe = v.Uint() <= maxSafe
	} else {
		safe = -maxSafe <= v.Int() && v.Int() <= maxSafe
	}
	if !safe {
		return unencodable(path, "%v is beyond ±(2^53 − 1): use plugin.Int64, or `json:\",string\"`", v)
	}
	out.WriteString(integerText(v))
	return nil
}

func integerText(v reflect.Value) string {
	if isUnsigned(v.Kind()) {
		return strconv.FormatUint(v.Uint(), 10)
	}
	return strconv.FormatInt(v.Int(), 10)
}

func encodeMap(out *bytes.Buffer, v reflect.Value, path string, depth int) error {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return bytes.Compare([]byte(a.String()), []byte(b.String())) })
	out.WriteByte('{')
	for i, key := range keys {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := encodePlainly(out, key.String(), path); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := encodeAt(out, addressable(v.MapIndex(key)), path+"/"+escape(key.String()), depth+1); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

func encodeStruct(out *bytes.Buffer, v reflect.Value, path string, depth int) error {
	out.WriteByte('{')
	first := true
	for _, each := range fieldsOf(v.Type()) {
		member, there := reach(v, each.index, false)
		if !there || each.omitEmpty && isEmpty(member) || each.omitZero && isZero(member) {
			continue
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		if err := encodePlainly(out, each.name, path); err != nil {
			return err
		}
		out.WriteByte(':')
		if err := each.encode(out, member, path+"/"+escape(each.name), depth+1); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

func (f *field) encode(out *bytes.Buffer, v reflect.Value, path string, depth int) error {
	if !f.quoted || v.Kind() == reflect.Pointer && v.IsNil() {
		return encodeAt(out, v, path, depth)
	}
	number := reflect.Indirect(v)
	out.WriteByte('"')
	defer out.WriteByte('"')
	if isInteger(number.Kind()) {
		out.WriteString(integerText(number))
		return nil
	}
	if float := number.Float(); math.IsNaN(float) || math.IsInf(float, 0) {
		return unencodable(path, "%v is no JSON", float)
	}
	return encodePlainly(out, number.Interface(), path)
}

func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	copied := reflect.New(v.Type()).Elem()
	copied.Set(v)
	return copied
}

// isEmpty is what `omitempty` means.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// isZero is what `omitzero` means.
func isZero(v reflect.Value) bool {
	if zero, ok := v.Interface().(interface{ IsZero() bool }); ok && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		return zero.IsZero()
	}
	return v.IsZero()
}

func unencodable(path, format string, value any) error {
	err := fmt.Errorf(format, value)
	if path == "" {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}
