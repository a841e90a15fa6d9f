package plugin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The limits of protocol/README.md, until `initialize` says others.
const (
	frameBytes = 64 << 20
	inFlight   = 4096
)

// flushTime is how long the last answers may take to be read before the process leaves without them.
const flushTime = time.Second

type phase int

const (
	phaseNew phase = iota
	phaseDescribed
	phaseActivating
	phaseReady
	phaseDraining
)

// session is one life of the plugin. One goroutine reads and serves the protocol's own messages at once, so a ping or a
// cancellation never waits for a call; each call has a goroutine of its own.
type session struct {
	plugin     *Plugin
	out        *output
	frameBytes atomic.Int64

	mu        sync.Mutex
	phase     phase
	known     activation
	routes    map[string]*operation
	inFlight  int
	most      int
	calls     map[requestID]*Call
	shutdowns []requestID // wait for the last call
	asked     map[requestID]chan message
	lastAsked int64

	configuring sync.Mutex
}

func newSession(p *Plugin, out *output) *session {
	s := &session{
		plugin: p,
		out:    out,
		most:   inFlight,
		calls:  map[requestID]*Call{},
		asked:  map[requestID]chan message{},
	}
	s.frameBytes.Store(frameBytes)
	return s
}

// run returns the status to leave with.
func (s *session) run(from io.Reader) int {
	defer s.out.flush(flushTime)
	in := bufio.NewReaderSize(from, 64<<10)
	for {
		body, err := readFrame(in, s.frameBytes.Load())
		if err == io.EOF {
			return 0
		}
		if err != nil {
			say(err.Error())
			return exitData
		}
		if s.receive(body) {
			return 0
		}
	}
}

// receive tells whether that was the last message.
func (s *session) receive(body []byte) (last bool) {
	m, wrong := parseMessage(body)
	switch {
	case wrong != nil:
		s.out.send(errorMessage(m.id, wrong))
	case m.method == "":
		s.answered(m)
	case m.id == "":
		return s.notified(m)
	default:
		if err := s.request(m); err != nil {
			s.out.send(errorMessage(m.id, answerable(err)))
		}
	}
	return false
}

func (s *session) notified(m message) (last bool) {
	var about struct {
		ID json.RawMessage `json:"id"`
		N  int64           `json:"n"`
	}
	if m.method == "exit" {
		return true
	}
	if json.Unmarshal(orEmpty(m.params), &about) != nil || about.ID == nil {
		return false
	}
	s.mu.Lock()
	call := s.calls[parseID(about.ID)]
	s.mu.Unlock()
	switch {
	case call == nil:
	case m.method == "$/cancelRequest":
		call.cancel()
	case m.method == "$/credit":
		call.credit.add(about.N)
	}
	return false
}

// request returns the error to answer; otherwise the answer is given, or on its way.
func (s *session) request(m message) error {
	if strings.Contains(m.method, ".") {
		return s.serve(m)
	}
	switch m.method {
	case "initialize":
		result, err := s.initialize(m.params)
		if err != nil {
			return err
		}
		s.out.send(resultMessage(m.id, result))
		return nil
	case "activate":
		return s.activate(m)
	case "configure":
		return s.configure(m)
	case "ping":
		s.out.send(resultMessage(m.id, json.RawMessage("{}")))
		return nil
	case "shutdown":
		s.mu.Lock()
		s.phase = phaseDraining
		s.shutdowns = append(s.shutdowns, m.id)
		s.mu.Unlock()
		s.finishShutdown()
		return nil
	}
	return methodNotFound(m.method)
}

func (s *session) serve(m message) error {
	if err := s.mustBeReady("a call"); err != nil {
		return err
	}
	s.mu.Lock()
	route := s.routes[m.method]
	s.mu.Unlock()
	if route == nil {
		return methodNotFound(m.method)
	}
	return s.start(m, func(call *Call) (any, error) { return route.serve(call, m.params) })
}

func (s *session) mustBeReady(what string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.phase {
	case phaseReady:
		return nil
	case phaseDraining:
		return invalidRequest("%s after shutdown", what)
	}
	return invalidRequest("%s before activate was answered", what)
}

// start works on a request in a goroutine of its own.
func (s *session) start(m message, work func(*Call) (any, error)) error {
	call := &Call{session: s, id: m.id, method: m.method, credit: credit{grown: make(chan struct{}, 1)}}
	call.credit.add(m.ctx.Credit)
	if ms := m.ctx.MS; ms != nil && *ms >= 0 && *ms < math.MaxInt64/float64(time.Millisecond) {
		call.deadline = time.Now().Add(time.Duration(*ms * float64(time.Millisecond)))
	}
	call.ctx, call.cancel = context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls[m.id] != nil {
		return invalidRequest("a request %s is being worked on", m.id)
	}
	if s.inFlight >= s.most {
		return invalidRequest("more than %d calls in flight", s.most)
	}
	s.calls[m.id] = call
	s.inFlight++
	go func() {
		// No recover: what a panic left behind is not worth trusting.
		result, err := work(call)
		s.settle(call, result, err)
	}()
	return nil
}

// settle answers. A call can not be cancelled any more from then on, and counts as in flight until the answer is sent.
func (s *session) settle(call *Call, result any, err error) {
	var raw json.RawMessage
	if err == nil {
		if raw, err = encode(result); err != nil {
			err = fmt.Errorf("the result is no JSON: %w", err)
		}
	}
	s.mu.Lock()
	delete(s.calls, call.id)
	s.mu.Unlock()
	call.answer(raw, err)
	call.cancel()
	s.mu.Lock()
	s.inFlight--
	s.mu.Unlock()
	s.finishShutdown()
}

// finishShutdown answers `shutdown` once nothing is in flight any more.
func (s *session) finishShutdown() {
	s.mu.Lock()
	var finished []requestID
	if s.inFlight == 0 {
		finished, s.shutdowns = s.shutdowns, nil
	}
	s.mu.Unlock()
	for _, id := range finished {
		s.out.send(resultMessage(id, json.RawMessage("{}")))
	}
}

func methodNotFound(method string) *Error {
	return coded(codeMethodNotFound, "method_not_found", fmt.Sprintf("no method %q", method))
}
