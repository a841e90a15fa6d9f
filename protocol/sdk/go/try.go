package plugin

import (
	"context"
	"encoding/json"
	"io"
)

// Try makes a call as it would come over the wire, within this process and without a host: for tests. The result is
// stored in what `result` points to; an error is a *Error, as its caller would be told. The items of a stream are not
// looked at, and the configuration is its zero value. Serve is for tests of the whole.
func (p *Plugin) Try(method string, params, result any) error {
	raw, err := encode(params)
	if err != nil {
		return err
	}
	if params == nil {
		raw = json.RawMessage("{}")
	}
	route := routes(p.apis, nil)[method]
	if route == nil {
		return methodNotFound(method)
	}
	session := newSession(p, newOutput(io.Discard, func(error) {}))
	call := &Call{session: session, id: "1", method: method, credit: credit{grown: make(chan struct{}, 1)}}
	call.credit.add(maxSafe)
	call.ctx, call.cancel = context.WithCancel(context.Background())
	defer call.cancel()
	value, err := route.serve(call, raw)
	if err == nil {
		raw, err = encode(value)
	}
	if err != nil {
		return answerable(err)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(raw, result)
}
