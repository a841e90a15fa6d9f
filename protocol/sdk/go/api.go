package plugin

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
)

// API is a named and versioned set of methods, events and actions.
type API struct {
	name, version string
	methods       []*operation
	events        []*operation
	actions       []Action
}

// Action is what a person may start from a menu or with a key.
type Action struct {
	ID string `json:"id"`
	// Method of the same api does it.
	Method      string `json:"method"`
	Description string `json:"description,omitempty"`
	// Key is a suggestion, such as "ctrl+t": the host decides.
	Key string `json:"key,omitempty"`
}

// operation is a method or an event: its description, and who serves it.
type operation struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Params      Schema          `json:"params,omitempty"`
	Result      Schema          `json:"result,omitempty"`
	Progress    Schema          `json:"progress,omitempty"`
	Item        *Schema         `json:"item,omitempty"`
	Errors      []expectedError `json:"errors,omitempty"`
	Idempotent  bool            `json:"idempotent,omitempty"`
	serve       func(*Call, json.RawMessage) (any, error)
}

type expectedError struct {
	Code        string `json:"code"`
	Description string `json:"description,omitempty"`
}

// Option says more of a method, or of an event.
type Option func(*operation)

// Description is one sentence for people.
func Description(text string) Option { return func(o *operation) { o.Description = text } }

// Idempotent: the call may be made again after a crash, since making it twice is like making it once.
func Idempotent() Option { return func(o *operation) { o.Idempotent = true } }

// Fails names an error that callers should expect, by its data.code. See Fail.
func Fails(code, description string) Option {
	return func(o *operation) { o.Errors = append(o.Errors, expectedError{code, description}) }
}

// ProgressType is the type of what the method gives to Call.ProgressValue, where it is not {message, done, total}.
func ProgressType[T any]() Option {
	return func(o *operation) { o.Progress = schemaOf(reflect.TypeFor[T](), asResult) }
}

// Method adds a method. Its params P are a struct, or a map with strings as keys, and may be struct{}; what does not fit
// them never reaches the handler. The schemas come from the types: see the README for the tags.
//
// The handler runs in a goroutine of its own. A panic in it ends the process, and Bulkhead reports the crash.
func Method[P, R any](api *API, name string, handler func(*Call, P) (R, error), options ...Option) {
	method := newOperation[P](name, options, func(call *Call, params P) (any, error) { return handler(call, params) })
	method.Result = schemaOf(reflect.TypeFor[R](), asResult)
	api.add(&api.methods, method)
}

// Stream adds a method that sends items of type I before its result.
func Stream[P, I, R any](api *API, name string, handler func(*Call, P, *Items[I]) (R, error), options ...Option) {
	method := newOperation[P](name, options, func(call *Call, params P) (any, error) {
		return handler(call, params, &Items[I]{call})
	})
	method.Result = schemaOf(reflect.TypeFor[R](), asResult)
	item := schemaOf(reflect.TypeFor[I](), asResult)
	method.Item = &item
	api.add(&api.methods, method)
}

// Event asks to be told of something, within 5 s for each: after three failures in a row nothing more is told.
func Event[P any](api *API, name string, handler func(*Call, P) error, options ...Option) {
	event := newOperation[P](name, options, func(call *Call, params P) (any, error) { return nil, handler(call, params) })
	api.add(&api.events, event)
}

// Action offers one of the api's methods to people.
func (a *API) Action(action Action) {
	mustMatch(operationName, "action", action.ID)
	a.actions = append(a.actions, action)
}

func newOperation[P any](name string, options []Option, serve func(*Call, P) (any, error)) *operation {
	mustMatch(operationName, "method or event", name)
	t := reflect.TypeFor[P]()
	schema := schemaOf(t, asParams)
	if kind := t.Kind(); kind != reflect.Struct && kind != reflect.Map || schema["type"] != "object" {
		panic(fmt.Sprintf("plugin: the params of %s are %s, and must be an object", name, t))
	}
	made := &operation{Name: name, Params: schema}
	made.serve = func(call *Call, raw json.RawMessage) (any, error) {
		var params P
		if wrong := decode(orEmpty(raw), reflect.ValueOf(&params).Elem()); wrong != nil {
			return nil, misplaced(codeInvalidParams, "invalid_params", wrong.path, wrong.Error())
		}
		return serve(call, params)
	}
	for _, option := range options {
		option(made)
	}
	return made
}

func (a *API) add(to *[]*operation, made *operation) {
	for _, other := range append(append([]*operation{}, a.methods...), a.events...) {
		if other.Name == made.Name {
			panic(fmt.Sprintf("plugin: the api %s has two of %s", a.name, made.Name))
		}
	}
	*to = append(*to, made)
}

// check: an action may be offered before its method is.
func (a *API) check() {
	for _, action := range a.actions {
		if !a.hasMethod(action.Method) {
			panic(fmt.Sprintf("plugin: the action %s names no method of the api %s: %s", action.ID, a.name, action.Method))
		}
	}
}

func (a *API) hasMethod(name string) bool {
	for _, method := range a.methods {
		if method.Name == name {
			return true
		}
	}
	return false
}

func orEmpty(params json.RawMessage) json.RawMessage {
	if params == nil {
		return json.RawMessage("{}")
	}
	return params
}

// Source: protocol/description.ts.
var (
	pluginName    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)
	operationName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)
	semver        = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
)

func mustMatch(pattern *regexp.Regexp, what, text string) {
	if !pattern.MatchString(text) {
		panic(fmt.Sprintf("plugin: %q is no %s: %s", text, what, pattern))
	}
}
