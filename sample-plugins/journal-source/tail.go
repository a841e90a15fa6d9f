package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"bulkhead/plugin"
)

// maxLine bounds the memory that one line takes: what is beyond it is left out.
const maxLine = 1 << 20

// position is after a whole line: where the next one begins, and how many there were.
type position struct{ offset, number int64 }

func (p position) String() string { return fmt.Sprintf("%d:%d", p.offset, p.number) }

func parsePosition(text string) (position, bool) {
	offset, number, _ := strings.Cut(text, ":")
	var p position
	var wrong [2]error
	p.offset, wrong[0] = strconv.ParseInt(offset, 10, 64)
	p.number, wrong[1] = strconv.ParseInt(number, 10, 64)
	return p, errors.Join(wrong[:]...) == nil && p.offset >= 0 && p.number >= 0 && p.String() == text
}

// tail reads the whole lines of a file that grows, is emptied, or is replaced by another one.
type tail struct {
	path string
	file *os.File // nil while there is none
	at   position
	// Of the line that begins at `at`, held is what has been read of it, and chunk what follows, up to the offset end.
	held   []byte
	chunk  []byte
	end    int64
	buffer []byte
}

func newTail(path string, from position) *tail {
	return &tail{path: path, at: from, buffer: make([]byte, 64<<10)}
}

// next returns the next whole line, or none when there is none as yet.
func (t *tail) next() (line string, ok bool, err error) {
	if err := t.open(); err != nil || t.file == nil {
		return "", false, err
	}
	for {
		start, rest, whole := bytes.Cut(t.chunk, []byte{'\n'})
		t.hold(start)
		t.chunk = rest
		if whole {
			line := strings.TrimSuffix(string(t.held), "\r")
			t.held = t.held[:0]
			t.at = position{t.end - int64(len(t.chunk)), t.at.number + 1}
			return line, true, nil
		}
		read, err := t.file.ReadAt(t.buffer, t.end)
		if read == 0 {
			if err == io.EOF {
				err = nil
			}
			return "", false, err
		}
		t.chunk = t.buffer[:read]
		t.end += int64(read)
	}
}

func (t *tail) hold(bytes []byte) {
	t.held = append(t.held, bytes[:min(len(bytes), maxLine-len(t.held))]...)
}

// open sees to it that the file is the one that has the path now, and still has what was read of it.
func (t *tail) open() error {
	if len(t.chunk) > 0 {
		return nil
	}
	now, err := os.Stat(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		if t.file != nil {
			t.rewind("the file is gone")
			t.close()
		}
		return nil
	}
	if err != nil {
		return err
	}
	if t.file != nil {
		before, err := t.file.Stat()
		switch {
		case err != nil:
			return err
		case !os.SameFile(before, now):
			t.rewind("another file has its place")
		case now.Size() < t.end:
			t.rewind("the file shrank")
		default:
			return nil
		}
		t.close()
	}
	if t.file, err = os.Open(t.path); err != nil {
		return err
	}
	if !t.follows(t.at) {
		t.rewind("the file is not what it was at the cursor")
	}
	t.end = t.at.offset
	return nil
}

// follows tells whether a line of this file ends at the position.
func (t *tail) follows(at position) bool {
	if at.offset == 0 {
		return true
	}
	last := make([]byte, 1)
	read, _ := t.file.ReadAt(last, at.offset-1)
	return read == 1 && last[0] == '\n'
}

func (t *tail) rewind(why string) {
	plugin.Log.Warn(why+": reading begins again", "file", t.path, "was at", t.at.String())
	t.at, t.end, t.held, t.chunk = position{}, 0, nil, nil
}

func (t *tail) close() {
	if t.file != nil {
		t.file.Close()
		t.file = nil
	}
}
