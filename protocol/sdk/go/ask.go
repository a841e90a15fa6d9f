package plugin

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// ask sends a request to the host and waits for what it answers. The goroutine that reads is never the one that waits.
func (s *session) ask(h *Host, method string, params json.RawMessage) (json.RawMessage, error) {
	var parent <-chan struct{}
	if h.call != nil {
		if err := h.call.ctx.Err(); err != nil {
			return nil, err
		}
		parent = h.call.ctx.Done()
	}
	if err := h.ctx.Err(); err != nil {
		return nil, err
	}
	answer := make(chan message, 1)
	s.mu.Lock()
	if s.phase < phaseActivating {
		s.mu.Unlock()
		return nil, errNotActive
	}
	s.lastAsked++
	id := requestID(strconv.FormatInt(s.lastAsked, 10))
	s.asked[id] = answer
	s.mu.Unlock()
	defer s.forget(id)
	if err := h.send(requestMessage(id, method, params, h.requestContext())); err != nil {
		return nil, err
	}
	select {
	case m := <-answer:
		if m.err != nil {
			return nil, m.err
		}
		return m.result, nil
	case <-parent:
		// The host cancels what was called for a call that it cancelled.
		return nil, h.call.ctx.Err()
	case <-h.ctx.Done():
		s.out.send(cancelMessage(id))
		return nil, h.ctx.Err()
	}
}

func (s *session) answered(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer := s.asked[m.id]; answer != nil {
		delete(s.asked, m.id)
		answer <- m
	}
}

// send writes a message of the plugin's own accord.
func (s *session) send(body []byte) error {
	if limit := s.frameBytes.Load(); int64(len(body)) > limit {
		return fmt.Errorf("a message of %d bytes; the limit is %d", len(body), limit)
	}
	s.out.send(body)
	return nil
}

func (s *session) forget(id requestID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asked, id)
}
