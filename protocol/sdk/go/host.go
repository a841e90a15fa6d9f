package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

var errNotActive = errors.New("the host can be called from the activation on")

// Host is the program around the plugin. Its services must be granted in the configuration, and are there from the
// moment of the activation. An error that the host answers is a *HostError.
type Host struct {
	session *session
	call    *Call // nil outside of a call
	ctx     context.Context
}

// With gives the requests a context of their own: its end cancels them, and its deadline bounds them.
func (h *Host) With(ctx context.Context) *Host { return &Host{h.session, h.call, ctx} }

// Granted tells whether the plugin may call this service, such as "host.storage".
func (h *Host) Granted(service string) bool { return h.session != nil && h.session.granted(service) }

// Request asks the host for a method of one of its services, and stores what it answers in the value that result points
// to. Nil params are an empty object; a nil result is not looked at.
func (h *Host) Request(method string, params, result any) error {
	if h.session == nil {
		return errNotActive
	}
	raw, err := encode(params)
	if params == nil {
		raw = json.RawMessage("{}")
	}
	if err != nil {
		return fmt.Errorf("the params of %s are no JSON: %w", method, err)
	}
	answer, err := h.session.ask(h, method, raw)
	if err != nil || result == nil {
		return err
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return fmt.Errorf("the answer to %s does not fit: %w", method, err)
	}
	return nil
}

// Call makes a call of another plugin, "plugin/api.method", where the configuration allows it.
func (h *Host) Call(target string, params, result any) error {
	if params == nil {
		params = struct{}{}
	}
	return h.Request("host.call", map[string]any{"target": target, "params": params}, result)
}

// Emit tells the host's clients, and the plugins that want it, of an event "api.event".
func (h *Host) Emit(event string, params any) error {
	if params == nil {
		params = struct{}{}
	}
	return h.Request("host.emit", map[string]any{"event": event, "params": params}, nil)
}

// Log writes a line to the plugin's log, by way of the host. The level is "trace", "debug", "info", "warn" or "error".
// The variable Log writes to stderr instead, and needs no grant.
func (h *Host) Log(level, message string, fields map[string]any) error {
	return h.Request("host.log", struct {
		Level  string         `json:"level"`
		Msg    string         `json:"msg"`
		Fields map[string]any `json:"fields,omitempty"`
	}{level, message, fields}, nil)
}

// Storage is where JSON values survive restarts.
func (h *Host) Storage() Storage { return Storage{h} }

// Storage holds values of up to 64 KiB under keys of up to 256 bytes.
type Storage struct{ host *Host }

// Get stores the value in what `into` points to, and tells whether there is one.
func (s Storage) Get(key string, into any) (bool, error) {
	var answer struct {
		Value json.RawMessage `json:"value"`
	}
	if err := s.host.Request("host.storage.get", map[string]any{"key": key}, &answer); err != nil {
		return false, err
	}
	if answer.Value == nil {
		return false, nil
	}
	return true, json.Unmarshal(answer.Value, into)
}

func (s Storage) Set(key string, value any) error {
	return s.host.Request("host.storage.set", map[string]any{"key": key, "value": value}, nil)
}

// Delete tells whether there was a value.
func (s Storage) Delete(key string) (bool, error) {
	var answer struct {
		Deleted bool `json:"deleted"`
	}
	err := s.host.Request("host.storage.delete", map[string]any{"key": key}, &answer)
	return answer.Deleted, err
}

// List returns keys with a prefix, in byte order, and whether there are more. They come after the key `after`, and are
// at most so many; "" and 0 leave that to the host.
func (s Storage) List(prefix, after string, limit int) (keys []string, more bool, err error) {
	var answer struct {
		Keys []string `json:"keys"`
		More bool     `json:"more"`
	}
	err = s.host.Request("host.storage.list", struct {
		Prefix string `json:"prefix,omitempty"`
		After  string `json:"after,omitempty"`
		Limit  int    `json:"limit,omitempty"`
	}{prefix, after, limit}, &answer)
	return answer.Keys, answer.More, err
}

// send: a request names its call only while that is being served.
func (h *Host) send(body []byte) error {
	if h.call != nil {
		return h.call.tell(body)
	}
	return h.session.send(body)
}

// requestContext is what a request of the plugin's own says of itself.
func (h *Host) requestContext() json.RawMessage {
	about := map[string]any{}
	if h.call != nil {
		about["parent"] = json.RawMessage(h.call.id)
	}
	if deadline, bounded := h.ctx.Deadline(); bounded {
		about["ms"] = max(1, time.Until(deadline).Milliseconds())
	}
	if len(about) == 0 {
		return nil
	}
	return compact(about)
}
