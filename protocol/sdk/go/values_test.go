package plugin

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

type base struct {
	ID int32 `json:"id"`
}

type everything struct {
	base
	Text     string           `json:"text" doc:"Some text."`
	Size     uint8            `json:"size,omitempty"`
	Ratio    *float64         `json:"ratio"`
	Tags     []string         `json:"tags"`
	Counts   map[string]int64 `json:"counts,omitempty"`
	Big      int64            `json:"big,string"`
	Bigger   Int64            `json:"bigger,omitempty"`
	When     *time.Time       `json:"when,omitempty"`
	Level    string           `json:"level" enum:"low,high" default:"low"`
	Raw      json.RawMessage  `json:"raw,omitempty"`
	Any      any              `json:"any"`
	Blob     []byte           `json:"blob,omitempty"`
	Pair     [2]bool          `json:"a/b,omitempty"`
	Skipped  string           `json:"-"`
	unnamed  map[string]string
	Untagged int
}

type tree struct {
	Name     string `json:"name"`
	Children []tree `json:"children,omitempty"`
}

type colour struct{ red, green, blue uint8 }

func (colour) JSONSchema() Schema { return Schema{"type": "string", "pattern": "^#[0-9a-f]{6}$"} }

func asJSON(t *testing.T, value any) string {
	t.Helper()
	raw, err := encode(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func equalJSON(t *testing.T, got, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Fatal(got, err)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(want, err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestASchemaIsMadeFromAType(t *testing.T) {
	for _, each := range []struct {
		of   reflect.Type
		use  usage
		want string
	}{
		{reflect.TypeFor[string](), asResult, `{"type":"string"}`},
		{reflect.TypeFor[int64](), asResult, `{"type":"integer"}`},
		{reflect.TypeFor[uint](), asResult, `{"type":"integer","minimum":0}`},
		{reflect.TypeFor[int8](), asResult, `{"type":"integer","minimum":-128,"maximum":127}`},
		{reflect.TypeFor[Int64](), asResult, `{"type":"string","format":"int64"}`},
		{reflect.TypeFor[Null](), asResult, `{"type":"null"}`},
		{reflect.TypeFor[any](), asResult, `{}`},
		{reflect.TypeFor[*bool](), asResult, `{"type":["boolean","null"]}`},
		{reflect.TypeFor[*colour](), asResult, `{"type":["string","null"],"pattern":"^#[0-9a-f]{6}$"}`},
		{reflect.TypeFor[struct{}](), asParams, `{"type":"object"}`},
		{reflect.TypeFor[map[string]float32](), asParams, `{"type":"object","additionalProperties":{"type":"number"}}`},
		{reflect.TypeFor[tree](), asResult, `{"type":"object",
			"properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/tree"}}},
			"required":["name"],
			"$defs":{"tree":{"type":"object",
				"properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/tree"}}},
				"required":["name"]}}}`},
		{reflect.TypeFor[everything](), asParams, `{"type":"object","properties":{
			"id":{"type":"integer","minimum":-2147483648,"maximum":2147483647},
			"text":{"type":"string","description":"Some text."},
			"size":{"type":"integer","minimum":0,"maximum":255},
			"ratio":{"type":["number","null"]},
			"tags":{"type":"array","items":{"type":"string"}},
			"counts":{"type":"object","additionalProperties":{"type":"integer"}},
			"big":{"type":"string","format":"int64"},
			"bigger":{"type":"string","format":"int64"},
			"when":{"type":["string","null"],"format":"date-time"},
			"level":{"type":"string","enum":["low","high"],"default":"low"},
			"raw":{}, "any":{},
			"blob":{"type":"string","contentEncoding":"base64"},
			"a/b":{"type":"array","items":{"type":"boolean"},"minItems":2,"maxItems":2},
			"Untagged":{"type":"integer"}},
			"required":["id","text","tags","big","any","Untagged"]}`},
	} {
		schema, err := json.Marshal(schemaOf(each.of, each.use))
		if err != nil {
			t.Fatal(err)
		}
		equalJSON(t, string(schema), each.want)
	}
}

func TestPropertiesKeepTheOrderOfTheStruct(t *testing.T) {
	schema, _ := json.Marshal(schemaOf(reflect.TypeFor[everything](), asParams))
	if text, big := strings.Index(string(schema), `"text"`), strings.Index(string(schema), `"big"`); text > big {
		t.Error(string(schema))
	}
}

func TestAPointerIsNullableInParamsAndOptionalInAConfiguration(t *testing.T) {
	type T struct {
		A *string `json:"a"`
		B *string `json:"b,omitempty"`
		C string  `json:"c,omitempty" secret:"true"`
	}
	of := func(use usage) string {
		schema, _ := json.Marshal(schemaOf(reflect.TypeFor[T](), use))
		return string(schema)
	}
	secret := `"c":{"type":"string","writeOnly":true}`
	nullable, plain := `{"type":["string","null"]}`, `{"type":"string"}`
	equalJSON(t, of(asParams), `{"type":"object","properties":{"a":`+nullable+`,"b":`+nullable+`,`+secret+`}}`)
	equalJSON(t, of(asConfig), `{"type":"object","properties":{"a":`+plain+`,"b":`+plain+`,`+secret+`}}`)
	equalJSON(t, of(asResult), `{"type":"object","properties":{"a":`+nullable+`,"b":`+plain+`,`+secret+`},"required":["a"]}`)
}

func TestWhatCanNotBeJSONIsRefusedAtOnce(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a channel has a schema")
		}
	}()
	schemaOf(reflect.TypeFor[struct{ C chan int }](), asResult)
}

const fitting = `{"id":1,"text":"x","tags":["a"],"big":"9223372036854775807","any":[1],"Untagged":2.0}`

func TestParamsThatFitAreTaken(t *testing.T) {
	var got everything
	if wrong := decode(json.RawMessage(fitting), reflect.ValueOf(&got).Elem()); wrong != nil {
		t.Fatal(wrong)
	}
	if got.ID != 1 || got.Big != math.MaxInt64 || got.Untagged != 2 || got.Level != "low" || got.Ratio != nil {
		t.Errorf("%+v", got)
	}
}

func TestWhatDoesNotFitIsNamedByAPointer(t *testing.T) {
	for change, path := range map[string]string{
		`{"text":5}`:                      "/text",
		`{"text":null}`:                   "/text",
		`{"id":2147483648}`:               "/id",
		`{"id":1.5}`:                      "/id",
		`{"size":-1}`:                     "/size",
		`{"size":256}`:                    "/size",
		`{"tags":["a",5]}`:                "/tags/1",
		`{"tags":null}`:                   "/tags",
		`{"counts":{"x/y~z":"1"}}`:        "/counts/x~1y~0z",
		`{"big":5}`:                       "/big",
		`{"big":"05"}`:                    "/big",
		`{"big":"9223372036854775808"}`:   "/big",
		`{"bigger":5}`:                    "/bigger",
		`{"when":"yesterday"}`:            "/when",
		`{"level":"middle"}`:              "/level",
		`{"blob":"?"}`:                    "/blob",
		`{"a/b":[true]}`:                  "/a~1b",
		`{"Untagged":1e30}`:               "/Untagged",
		`{"TEXT":"y","text":{"deep":[]}}`: "/text",
	} {
		whole := map[string]json.RawMessage{}
		_ = json.Unmarshal([]byte(fitting), &whole)
		_ = json.Unmarshal([]byte(change), &whole)
		raw, _ := json.Marshal(whole)
		wrong := decode(raw, reflect.ValueOf(new(everything)).Elem())
		if wrong == nil || wrong.path != path {
			t.Errorf("%s: %v is not at %s", change, wrong, path)
		}
	}
	for raw, path := range map[string]string{`{"id":1}`: "/text", `[]`: "", `5`: ""} {
		wrong := decode(json.RawMessage(raw), reflect.ValueOf(new(everything)).Elem())
		if wrong == nil || wrong.path != path {
			t.Errorf("%s: %v is not at %q", raw, wrong, path)
		}
	}
}

func TestWhatIsEncodedFitsItsSchema(t *testing.T) {
	value := everything{base: base{7}, Big: math.MinInt64, Pair: [2]bool{true, false}, Text: "<é>"}
	equalJSON(t, asJSON(t, value), `{"id":7,"text":"<é>","ratio":null,"tags":[],"big":"-9223372036854775808","level":"",
		"any":null,"a/b":[true,false],"Untagged":0}`)
	equalJSON(t, asJSON(t, map[string]any{"b": []int(nil), "a": map[string]int(nil)}), `{"a":{},"b":[]}`)
	equalJSON(t, asJSON(t, struct{ When time.Time }{time.Unix(0, 0).UTC()}), `{"When":"1970-01-01T00:00:00Z"}`)
	equalJSON(t, asJSON(t, Int64(math.MaxInt64)), `"9223372036854775807"`)
}

func TestWhatItsReaderWouldGetWrongIsNotEncoded(t *testing.T) {
	type ring struct{ Next *ring }
	loop := &ring{}
	loop.Next = loop
	for _, value := range []any{
		int64(maxSafe + 1), int64(-maxSafe - 1), uint64(math.MaxUint64), math.NaN(), math.Inf(1), make(chan int), loop,
	} {
		if raw, err := encode(value); err == nil {
			t.Errorf("%T is encoded as %s", value, raw)
		}
	}
	_, err := encode(map[string]any{"list": []any{1, int64(math.MaxInt64)}})
	if err == nil || !strings.HasPrefix(err.Error(), "/list/1: ") {
		t.Error(err)
	}
}

func TestEveryInt64SurvivesAndNothingElseIsTaken(t *testing.T) {
	for _, value := range []Int64{math.MinInt64, -1, 0, 1<<53 + 1, math.MaxInt64} {
		var back Int64
		if err := json.Unmarshal([]byte(asJSON(t, value)), &back); err != nil || back != value {
			t.Error(back, err)
		}
	}
	for _, text := range []string{`5`, `""`, `"5.0"`, `"9223372036854775808"`, `null`} {
		if json.Unmarshal([]byte(text), new(Int64)) == nil {
			t.Errorf("%s is taken", text)
		}
	}
}
