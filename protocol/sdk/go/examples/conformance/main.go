// The reference plugin that protocol/transcripts/ is about.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"bulkhead/plugin"
)

type config struct {
	Label *string `json:"label"`
}

type none struct{}

type echo struct {
	Value json.RawMessage `json:"value"`
}

type add struct {
	A int64 `json:"a"`
	B int64 `json:"b"`
}

type slow struct {
	MS *int64 `json:"ms" doc:"Without it, until it is cancelled."`
}

type progress struct {
	Steps int64 `json:"steps"`
}

type repeat struct {
	Text  string `json:"text"`
	Times int    `json:"times"`
}

type fail struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type text struct {
	Text string `json:"text"`
}

type count struct {
	To     int64   `json:"to"`
	Cursor *string `json:"cursor"`
}

type number struct {
	N int64 `json:"n"`
}

type ask struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

type answer struct {
	OK    json.RawMessage `json:"ok,omitempty"`
	Error *refusal        `json:"error,omitempty"`
}

type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type reverse struct {
	Parts [][]byte `json:"parts"`
}

func main() {
	p := plugin.New("conformance", "1.0.0")
	settings := plugin.Config[config](p)
	settings.OnChange(func(*plugin.Call, config) error { return nil })
	p.Needs(plugin.Need{Service: "host.storage", Range: "^1.0.0", Optional: true})
	var pokes atomic.Int64

	api := p.API("conformance", "1.0.0")
	plugin.Method(api, "echo", func(_ *plugin.Call, in echo) (json.RawMessage, error) { return in.Value, nil }, plugin.Idempotent())
	plugin.Method(api, "add", func(_ *plugin.Call, in add) (int64, error) { return in.A + in.B, nil }, plugin.Idempotent())
	plugin.Method(api, "slow", func(call *plugin.Call, in slow) (string, error) {
		if in.MS == nil {
			<-call.Context().Done()
			return "", call.Context().Err()
		}
		return "done", call.Sleep(time.Duration(*in.MS) * time.Millisecond)
	})
	plugin.Method(api, "progress", func(call *plugin.Call, in progress) (int64, error) {
		for step := int64(1); step <= in.Steps && call.Context().Err() == nil; step++ {
			call.Progress(fmt.Sprintf("step %d", step), step, in.Steps)
		}
		return in.Steps, call.Context().Err()
	})
	plugin.Method(api, "repeat", func(_ *plugin.Call, in repeat) (string, error) {
		if in.Times < 0 {
			return "", plugin.InvalidParams("/times", "expected 0 or more")
		}
		return strings.Repeat(in.Text, in.Times), nil
	})
	plugin.Method(api, "fail", func(_ *plugin.Call, in fail) (plugin.Null, error) {
		data := map[string]string{"code": "failed"}
		return plugin.Null{}, &plugin.Error{Code: in.Code, Message: in.Message, Data: data}
	}, plugin.Fails("failed", "What it was asked to fail with."))
	plugin.Method(api, "print", func(_ *plugin.Call, in text) (plugin.Null, error) {
		fmt.Println(in.Text)
		return plugin.Null{}, nil
	})
	plugin.Stream(api, "count", func(_ *plugin.Call, in count, items *plugin.Items[number]) (int64, error) {
		first := int64(1)
		if in.Cursor != nil {
			last, err := strconv.ParseInt(*in.Cursor, 10, 64)
			if err != nil {
				return 0, plugin.InvalidParams("/cursor", "expected a cursor of this stream")
			}
			first = last + 1
		}
		sent := int64(0)
		for n := first; n <= in.To; n++ {
			if err := items.SendAt(number{n}, strconv.FormatInt(n, 10)); err != nil {
				return sent, err
			}
			sent++
		}
		return sent, nil
	})
	plugin.Method(api, "ask", func(call *plugin.Call, in ask) (answer, error) {
		var result json.RawMessage
		err := call.Host().Request(in.Method, in.Params, &result)
		if refused := (*plugin.HostError)(nil); errors.As(err, &refused) {
			return answer{Error: &refusal{refused.Name(), refused.Message}}, nil
		}
		return answer{OK: result}, err
	})
	plugin.Method(api, "label", func(*plugin.Call, none) (*string, error) { return settings.Get().Label, nil })
	plugin.Method(api, "pokes", func(*plugin.Call, none) (int64, error) { return pokes.Load(), nil })
	plugin.Method(api, "reverse", func(_ *plugin.Call, in reverse) ([][]byte, error) {
		slices.Reverse(in.Parts)
		return in.Parts, nil
	})
	plugin.Event(api, "poke", func(_ *plugin.Call, in number) error {
		if in.N < 0 {
			return plugin.Fail("negative", "%d is below 0", in.N)
		}
		pokes.Add(in.N)
		return nil
	})
	api.Action(plugin.Action{ID: "pokes", Method: "pokes", Description: "How often it was poked", Key: "ctrl+k"})
	p.Run()
}
