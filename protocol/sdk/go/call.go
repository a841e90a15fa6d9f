package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Call is what a handler knows of the request that it serves, besides the params. It may be used by several goroutines.
type Call struct {
	session  *session
	id       requestID
	method   string
	ctx      context.Context
	cancel   context.CancelFunc
	deadline time.Time

	// answered is written, and messages of the call are sent, under this lock: none leaves after the answer.
	mu       sync.Mutex
	answered bool

	// sending is held from one item's wait for credit until it is sent, so that items keep their order.
	sending sync.Mutex
	seq     int64
	credit  credit
}

// credit is how many items the reader of a stream takes.
type credit struct {
	mu    sync.Mutex
	left  int64
	grown chan struct{} // holds at most one token: at most one sender waits
}

// Context ends when the caller has given up, and when the call has been answered. Pass it on to whatever takes long;
// what the handler then returns does not matter, the call is answered as cancelled.
func (c *Call) Context() context.Context { return c.ctx }

// Method as the wire says it: "api.method", or "activate", or "configure".
func (c *Call) Method() string { return c.method }

// TimeLeft is the time until the call's deadline, where the supervisor said so.
func (c *Call) TimeLeft() (left time.Duration, known bool) {
	if c.deadline.IsZero() {
		return 0, false
	}
	return max(0, time.Until(c.deadline)), true
}

// Host for requests in the course of this call: they end with it.
func (c *Call) Host() *Host { return &Host{session: c.session, call: c, ctx: context.Background()} }

// Sleep returns an error when the call is cancelled meanwhile.
func (c *Call) Sleep(duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// Progress tells the caller how far the call is; a total of 0 is not known. Each report costs a message: a loop should
// send a few a second, not one a step.
func (c *Call) Progress(message string, done, total int64) {
	c.ProgressValue(struct {
		Message string `json:"message"`
		Done    int64  `json:"done"`
		Total   int64  `json:"total,omitempty"`
	}{message, done, total})
}

// ProgressValue is for progress of the method's own shape, see ProgressType. What is no JSON is logged instead.
func (c *Call) ProgressValue(value any) {
	raw, err := encode(value)
	if err == nil {
		err = c.tell(progressMessage(c.id, raw))
	}
	if err != nil && !errors.Is(err, errAnswered) {
		Log.Warn("progress was not sent", "method", c.method, "error", err.Error())
	}
}

var errAnswered = errors.New("the call has been answered")

// tell sends a message of this call, unless it has been answered.
func (c *Call) tell(body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answered {
		return errAnswered
	}
	return c.session.send(body)
}

// answer is called once, by the session.
func (c *Call) answer(result json.RawMessage, err error) {
	body := resultMessage(c.id, result)
	if err != nil && c.ctx.Err() != nil {
		// Whatever it failed with, it failed because it was told to stop.
		body = errorMessage(c.id, cancelled())
	} else if err != nil {
		body = errorMessage(c.id, answerable(err))
	}
	if limit := c.session.frameBytes.Load(); int64(len(body)) > limit {
		what := fmt.Sprintf("an answer of %d bytes; the limit is %d", len(body), limit)
		body = errorMessage(c.id, coded(codeInternalError, "answer_too_large", what))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answered = true
	c.session.out.send(body)
}

// Items is the way out of a stream.
type Items[I any] struct{ call *Call }

// Send waits until the reader takes another item, and sends it. It fails when the call is cancelled: return then.
func (s *Items[I]) Send(item I) error { return s.call.send(item, nil) }

// SendAt is Send with the position after this item, an opaque string of at most 1024 characters: a durable source takes
// it as a param, and goes on from there.
func (s *Items[I]) SendAt(item I, cursor string) error { return s.call.send(item, &cursor) }

func (c *Call) send(item any, cursor *string) error {
	const most = 1024
	if cursor != nil && len(*cursor) > most {
		return fmt.Errorf("a cursor of %d bytes; the limit is %d", len(*cursor), most)
	}
	raw, err := encode(item)
	if err != nil {
		return fmt.Errorf("an item is no JSON: %w", err)
	}
	c.sending.Lock()
	defer c.sending.Unlock()
	if err := c.credit.take(c.ctx); err != nil {
		return err
	}
	if err := c.tell(itemMessage(c.id, c.seq, raw, cursor)); err != nil {
		c.credit.add(1)
		return err
	}
	c.seq++
	return nil
}

func (c *credit) add(n int64) {
	c.mu.Lock()
	c.left += max(0, min(n, maxSafe-c.left))
	c.mu.Unlock()
	select {
	case c.grown <- struct{}{}:
	default:
	}
}

func (c *credit) take(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.mu.Lock()
		if c.left > 0 {
			c.left--
			c.mu.Unlock()
			return nil
		}
		c.mu.Unlock()
		select {
		case <-c.grown:
		case <-ctx.Done():
		}
	}
}
