package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

const (
	codeParseError           = -32700
	codeInvalidRequest       = -32600
	codeMethodNotFound       = -32601
	codeInvalidParams        = -32602
	codeInternalError        = -32603
	codeCancelled            = -32800
	codeIncompatibleProtocol = -32001
	codeConfigInvalid        = -32002
	// codeNamed is that of errors which are told apart by their name alone.
	codeNamed = 1
)

// Error is an ordinary error: the call failed, the plugin lives on. Any other error that a handler returns is answered
// as internal_error (-32603) with its own text; one that wraps an Error keeps that one's code and data.
type Error struct {
	// Code is a number of the plugin's own. -31999 to -31900 belong to the supervisor: such a code is sent as -32603.
	Code    int
	Message string
	// Data may be any JSON. It should have a member "code", a stable string.
	Data any
}

func (e *Error) Error() string { return e.Message }

// Fail makes an error that callers tell apart by a stable name, such as "no_such_file": it arrives as data.code.
func Fail(name, format string, values ...any) *Error {
	return coded(codeNamed, name, fmt.Sprintf(format, values...))
}

// InvalidParams: the params fit their types and are wrong all the same. The path is a JSON pointer such as "/roots/0".
func InvalidParams(path, format string, values ...any) *Error {
	return misplaced(codeInvalidParams, "invalid_params", path, fmt.Sprintf(format, values...))
}

// ConfigInvalid: the configuration fits its type and is wrong all the same. The path is a JSON pointer.
func ConfigInvalid(path, format string, values ...any) *Error {
	return misplaced(codeConfigInvalid, "config_invalid", path, fmt.Sprintf(format, values...))
}

// HostError is what the host answered instead of a result.
type HostError struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

// Name is the stable name that the host gave the error, such as "not_granted"; without one, "rpc_" and the number.
func (e *HostError) Name() string {
	var data struct {
		Code any `json:"code"`
	}
	_ = json.Unmarshal(e.Data, &data)
	if name, ok := data.Code.(string); ok {
		return name
	}
	return "rpc_" + strconv.Itoa(e.Code)
}

func (e *HostError) Error() string { return fmt.Sprintf("%s (%s)", e.Message, e.Name()) }

type namedData struct {
	Code string  `json:"code"`
	Path *string `json:"path,omitempty"`
}

func coded(code int, name, message string) *Error {
	return &Error{Code: code, Message: message, Data: namedData{Code: name}}
}

func misplaced(code int, name, path, message string) *Error {
	return &Error{Code: code, Message: message, Data: namedData{Code: name, Path: &path}}
}

func invalidRequest(format string, values ...any) *Error {
	return coded(codeInvalidRequest, "invalid_request", fmt.Sprintf(format, values...))
}

func cancelled() *Error { return coded(codeCancelled, "cancelled", "cancelled") }

// answerable is the error as it goes over the wire.
func answerable(err error) *Error {
	var own *Error
	switch {
	case !errors.As(err, &own):
		return coded(codeInternalError, "internal_error", err.Error())
	case -31999 <= own.Code && own.Code <= -31900:
		const why = "%s (the plugin chose code %d, which belongs to the supervisor)"
		return coded(codeInternalError, "reserved_code", fmt.Sprintf(why, err, own.Code))
	}
	return &Error{Code: own.Code, Message: err.Error(), Data: own.Data}
}
