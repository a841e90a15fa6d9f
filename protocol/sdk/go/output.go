package plugin

import (
	"io"
	"sync"
	"time"
)

// highWater: beyond this much unwritten, senders wait for the supervisor to read.
const highWater = 1 << 20

// output is the one way out: whole frames, in the order in which they were given. Whoever finds nobody writing writes,
// and takes along what others add meanwhile.
type output struct {
	mu      sync.Mutex
	changed *sync.Cond
	pending []byte
	writing bool
	failed  bool
	to      io.Writer
	gone    func(error)
}

func newOutput(to io.Writer, gone func(error)) *output {
	out := &output{to: to, gone: gone}
	out.changed = sync.NewCond(&out.mu)
	return out
}

func (o *output) send(body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.writing && len(o.pending) > highWater {
		o.changed.Wait()
	}
	if o.failed {
		return
	}
	o.pending = append(o.pending, frame(body)...)
	if o.writing {
		return
	}
	o.writing = true
	for len(o.pending) > 0 && !o.failed {
		bytes := o.pending
		o.pending = nil
		o.mu.Unlock()
		_, err := o.to.Write(bytes)
		if err != nil {
			o.gone(err)
		}
		o.mu.Lock()
		o.failed = err != nil
		o.changed.Broadcast()
	}
	o.writing = false
	o.changed.Broadcast()
}

// flush waits until everything is written, but no longer than so long: the supervisor may have stopped reading.
func (o *output) flush(patience time.Duration) {
	written := make(chan struct{})
	go func() {
		o.mu.Lock()
		for o.writing {
			o.changed.Wait()
		}
		o.mu.Unlock()
		close(written)
	}()
	select {
	case <-written:
	case <-time.After(patience):
	}
}
