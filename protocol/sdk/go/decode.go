package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// misfit is where a value is not what its type says.
type misfit struct {
	// path is a JSON pointer (RFC 6901).
	path, what string
}

func (m *misfit) Error() string {
	if m.path == "" {
		return m.what
	}
	return m.path + ": " + m.what
}

// decode reads a whole JSON value. Unlike encoding/json it names the place of a mistake, tells `A` from `a`, and misses
// what is missing.
func decode(raw json.RawMessage, into reflect.Value) *misfit { return decodeAt(raw, into, "") }

func decodeAt(raw json.RawMessage, v reflect.Value, path string) *misfit {
	raw = bytes.TrimSpace(raw)
	t := v.Type()
	expected := func(what string) *misfit {
		return &misfit{path, fmt.Sprintf("expected %s, found %s", what, found(raw))}
	}
	if t.Kind() == reflect.Pointer {
		if string(raw) == "null" {
			v.SetZero()
			return nil
		}
		inner := reflect.New(t.Elem())
		v.Set(inner)
		return decodeAt(raw, inner.Elem(), path)
	}
	if has(t, unmarshaler) || has(t, textUnmarshaler) {
		if !has(t, unmarshaler) && raw[0] != '"' {
			return expected("a string")
		}
		if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
			return &misfit{path, strings.TrimPrefix(err.Error(), "json: ")}
		}
		return nil
	}
	switch kind := t.Kind(); {
	case kind == reflect.Bool:
		if raw[0] != 't' && raw[0] != 'f' {
			return expected("a boolean")
		}
		v.SetBool(raw[0] == 't')
	case isInteger(kind):
		return decodeInteger(raw, v, path)
	case isNumber(kind):
		number, err := strconv.ParseFloat(string(raw), t.Bits())
		if !isDigits(raw) || err != nil {
			return expected("a number")
		}
		v.SetFloat(number)
	case kind == reflect.String:
		if raw[0] != '"' {
			return expected("a string")
		}
		return plainly(raw, v, path)
	case kind == reflect.Interface:
		return plainly(raw, v, path)
	case kind == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		if raw[0] != '"' {
			return expected("a string in base64")
		}
		return plainly(raw, v, path)
	case kind == reflect.Slice, kind == reflect.Array:
		return decodeList(raw, v, path)
	case kind == reflect.Map:
		return decodeMap(raw, v, path)
	case kind == reflect.Struct:
		return decodeStruct(raw, v, path)
	}
	return nil
}

func plainly(raw json.RawMessage, v reflect.Value, path string) *misfit {
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return &misfit{path, strings.TrimPrefix(err.Error(), "json: ")}
	}
	return nil
}

func decodeInteger(raw json.RawMessage, v reflect.Value, path string) *misfit {
	what := "an integer"
	if isUnsigned(v.Kind()) {
		what = "an integer of 0 or more"
	}
	wrong := &misfit{path, fmt.Sprintf("expected %s, found %s", what, found(raw))}
	if !isDigits(raw) {
		return wrong
	}
	text := string(raw)
	// 1.0 and 1e3 are integers in JSON.
	if strings.ContainsAny(text, ".eE") {
		number, err := strconv.ParseFloat(text, 64)
		if err != nil || number != math.Trunc(number) || math.Abs(number) > maxSafe {
			return wrong
		}
		text = strconv.FormatInt(int64(number), 10)
	}
	var err error
	if bits := v.Type().Bits(); isUnsigned(v.Kind()) {
		var number uint64
		number, err = strconv.ParseUint(strings.TrimPrefix(text, "-0"), 10, bits)
		if text == "-0" {
			number, err = 0, nil
		}
		v.SetUint(number)
	} else {
		var number int64
		number, err = strconv.ParseInt(text, 10, bits)
		v.SetInt(number)
	}
	if err != nil {
		wrong.what = fmt.Sprintf("expected %s of %d bits, found %s", what, v.Type().Bits(), shown(raw))
		return wrong
	}
	return nil
}

func decodeList(raw json.RawMessage, v reflect.Value, path string) *misfit {
	var items []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &items) != nil {
		return &misfit{path, "expected an array, found " + found(raw)}
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	} else if len(items) != v.Len() {
		return &misfit{path, fmt.Sprintf("expected an array of %d, found one of %d", v.Len(), len(items))}
	}
	for i, item := range items {
		if wrong := decodeAt(item, v.Index(i), path+"/"+strconv.Itoa(i)); wrong != nil {
			return wrong
		}
	}
	return nil
}

func decodeMap(raw json.RawMessage, v reflect.Value, path string) *misfit {
	t := v.Type()
	var entries map[string]json.RawMessage
	if raw[0] != '{' || json.Unmarshal(raw, &entries) != nil {
		return &misfit{path, "expected an object, found " + found(raw)}
	}
	if t.Key().Kind() != reflect.String || has(t.Key(), textUnmarshaler) {
		return plainly(raw, v, path)
	}
	v.Set(reflect.MakeMapWithSize(t, len(entries)))
	for key, value := range entries {
		item := reflect.New(t.Elem()).Elem()
		if wrong := decodeAt(value, item, path+"/"+escape(key)); wrong != nil {
			return wrong
		}
		v.SetMapIndex(reflect.ValueOf(key).Convert(t.Key()), item)
	}
	return nil
}

func decodeStruct(raw json.RawMessage, v reflect.Value, path string) *misfit {
	var entries map[string]json.RawMessage
	if raw[0] != '{' || json.Unmarshal(raw, &entries) != nil {
		return &misfit{path, "expected an object, found " + found(raw)}
	}
	for _, each := range fieldsOf(v.Type()) {
		value, there := entries[each.name]
		at := path + "/" + escape(each.name)
		switch {
		case !there && each.hasFallback:
			value = each.fallbackJSON()
		case !there && each.optional():
			continue
		case !there:
			return &misfit{at, "missing"}
		}
		member, _ := reach(v, each.index, true)
		if wrong := each.decode(value, member, at); wrong != nil {
			return wrong
		}
	}
	return nil
}

func (f *field) decode(raw json.RawMessage, v reflect.Value, path string) *misfit {
	if f.quoted && string(bytes.TrimSpace(raw)) != "null" {
		var text string
		if json.Unmarshal(raw, &text) != nil || !isDigits([]byte(text)) || !json.Valid([]byte(text)) {
			return &misfit{path, "expected a number in a string, found " + shown(raw)}
		}
		raw = json.RawMessage(text)
	}
	if wrong := decodeAt(raw, v, path); wrong != nil {
		return wrong
	}
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if f.enum != nil && v.Kind() == reflect.String && !slices.Contains(f.enum, v.String()) {
		return &misfit{path, fmt.Sprintf("expected one of %s, found %s", strings.Join(f.enum, ", "), shown(raw))}
	}
	return nil
}

func isDigits(raw []byte) bool {
	return len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9')
}

func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }

func found(raw json.RawMessage) string {
	switch {
	case isDigits(raw):
		return "the number " + shown(raw)
	case raw[0] == '"':
		return "the string " + shown(raw)
	case raw[0] == '[':
		return "an array"
	case raw[0] == '{':
		return "an object"
	}
	return shown(raw)
}

func shown(raw json.RawMessage) string {
	const most = 60
	if len(raw) > most {
		return strings.ToValidUTF8(string(raw[:most]), "") + "…"
	}
	return string(raw)
}
