package plugin

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"unicode/utf8"
)

// requestID is the JSON text of an id, an integer or a string, always written in the same way.
type requestID string

// noID is that of a request whose own id can not be read.
const noID requestID = "null"

// message is one body that came in. Params stay text until the handler's own type reads them.
type message struct {
	id     requestID // "" when there is none
	method string    // "" in an answer
	params json.RawMessage
	ctx    callContext
	result json.RawMessage
	err    *HostError
}

// callContext is about the call rather than of it.
type callContext struct {
	MS     *float64 `json:"ms"`
	Credit int64    `json:"credit"`
}

// parseMessage returns an error together with the id to answer it to.
func parseMessage(body []byte) (message, *Error) {
	none := message{id: noID}
	parseError := func(what string) (message, *Error) {
		return none, coded(codeParseError, "parse_error", what)
	}
	if !utf8.Valid(body) {
		return parseError("not UTF-8")
	}
	if !json.Valid(body) {
		var nothing any
		return parseError(json.Unmarshal(body, &nothing).Error())
	}
	members, err := membersOf(body)
	if err != nil {
		return none, err
	}
	m := message{params: members["params"], result: members["result"]}
	if raw, there := members["id"]; there {
		if m.id = parseID(raw); m.id == "" {
			return none, invalidRequest("an id is an integer or a string")
		}
	}
	answerTo := m
	if m.id == "" {
		answerTo = none
	}
	var version string
	if json.Unmarshal(members["jsonrpc"], &version) != nil || version != "2.0" {
		return answerTo, invalidRequest(`jsonrpc is not "2.0"`)
	}
	if raw, there := members["method"]; there {
		if json.Unmarshal(raw, &m.method) != nil || m.method == "" {
			return answerTo, invalidRequest("method is not a name")
		}
	} else if raw, failed := members["error"]; failed {
		m.err = &HostError{}
		// One that is malformed is still an error.
		_ = json.Unmarshal(raw, m.err)
	}
	if raw, there := members["ctx"]; there {
		// A plugin may ignore what it receives; one that is malformed is ignored too.
		_ = json.Unmarshal(raw, &m.ctx)
	}
	return m, nil
}

// membersOf takes a valid JSON text apart, which must be an object without a member twice.
func membersOf(body []byte) (map[string]json.RawMessage, *Error) {
	in := json.NewDecoder(bytes.NewReader(body))
	switch first, _ := in.Token(); first {
	case json.Delim('{'):
	case json.Delim('['):
		return nil, invalidRequest("batches are not served")
	default:
		return nil, invalidRequest("a message is an object")
	}
	members := map[string]json.RawMessage{}
	for in.More() {
		name, err := in.Token()
		var value json.RawMessage
		if err == nil {
			err = in.Decode(&value)
		}
		if err != nil && err != io.EOF {
			return nil, coded(codeParseError, "parse_error", err.Error())
		}
		key, _ := name.(string)
		if _, twice := members[key]; twice {
			return nil, invalidRequest("the member %q twice", key)
		}
		members[key] = value
	}
	return members, nil
}

func parseID(raw json.RawMessage) requestID {
	var text string
	if raw[0] == '"' && json.Unmarshal(raw, &text) == nil {
		return requestID(compact(text))
	}
	if number, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return requestID(strconv.FormatInt(number, 10))
	}
	return ""
}

// compact is for values that are JSON beyond doubt.
func compact(value any) []byte {
	raw, err := encode(value)
	if err != nil {
		return []byte("null")
	}
	return raw
}

func resultMessage(id requestID, result json.RawMessage) []byte {
	return joined(`{"jsonrpc":"2.0","id":`, id, `,"result":`, result, `}`)
}

func errorMessage(id requestID, err *Error) []byte {
	members := joined(`{"code":`, strconv.Itoa(err.Code), `,"message":`, compact(err.Message))
	if err.Data != nil {
		members = joined(members, `,"data":`, compact(err.Data))
	}
	return joined(`{"jsonrpc":"2.0","id":`, id, `,"error":`, members, `}}`)
}

func progressMessage(id requestID, value json.RawMessage) []byte {
	return joined(`{"jsonrpc":"2.0","method":"$/progress","params":{"id":`, id, `,"value":`, value, `}}`)
}

func itemMessage(id requestID, seq int64, value json.RawMessage, cursor *string) []byte {
	start := joined(`{"jsonrpc":"2.0","method":"$/item","params":{"id":`, id, `,"seq":`, strconv.FormatInt(seq, 10),
		`,"value":`, value)
	if cursor != nil {
		start = joined(start, `,"cursor":`, compact(*cursor))
	}
	return joined(start, `}}`)
}

func requestMessage(id requestID, method string, params, ctx json.RawMessage) []byte {
	start := joined(`{"jsonrpc":"2.0","id":`, id, `,"method":`, compact(method), `,"params":`, params)
	if ctx != nil {
		start = joined(start, `,"ctx":`, ctx)
	}
	return joined(start, `}`)
}

func cancelMessage(id requestID) []byte {
	return joined(`{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":`, id, `}}`)
}

func joined(parts ...any) []byte {
	var out bytes.Buffer
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			out.WriteString(part)
		case requestID:
			out.WriteString(string(part))
		case []byte:
			out.Write(part)
		case json.RawMessage:
			out.Write(part)
		}
	}
	return out.Bytes()
}
