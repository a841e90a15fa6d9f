package plugin

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Int64 is an integer that may lie beyond ±(2^53 − 1). It travels as a string, described by
// {"type": "string", "format": "int64"}. A field of a struct may as well be an int64 with the tag `json:"…,string"`.
type Int64 int64

func (n Int64) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strconv.FormatInt(int64(n), 10) + `"`), nil
}

func (n *Int64) UnmarshalJSON(raw []byte) error {
	var text string
	wrong := fmt.Errorf("expected a 64-bit integer in a string, found %s", shown(raw))
	if string(raw) == "null" || json.Unmarshal(raw, &text) != nil {
		return wrong
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return wrong
	}
	*n = Int64(number)
	return nil
}

func (Int64) JSONSchema() Schema { return Schema{"type": "string", "format": "int64"} }

// Null is the result of a method that has nothing to say.
type Null struct{}

func (Null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

func (Null) JSONSchema() Schema { return Schema{"type": "null"} }
