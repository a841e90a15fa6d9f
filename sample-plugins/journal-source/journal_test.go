package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// host talks to the plugin as the supervisor does.
type host struct {
	t    *testing.T
	in   *bufio.Reader
	out  io.Writer
	file string
}

type message struct {
	Method string
	Result json.RawMessage
	Error  *struct{ Data struct{ Code, Path string } }
	Params struct {
		Cursor string
		Value  entry
	}
}

func begin(t *testing.T, text string) *host {
	t.Helper()
	fromHost, toPlugin := io.Pipe()
	fromPlugin, toHost := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- newPlugin().Serve(fromHost, toHost)
		toHost.Close()
	}()
	t.Cleanup(func() {
		toPlugin.Close()
		go func() { _, _ = io.Copy(io.Discard, fromPlugin) }()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	h := &host{t, bufio.NewReader(fromPlugin), toPlugin, filepath.Join(t.TempDir(), "data", "journal.log")}
	if err := os.MkdirAll(filepath.Dir(h.file), 0o700); err != nil {
		t.Fatal(err)
	}
	if text != "" {
		h.write(text)
	}
	h.send(1, "initialize", `{"protocol":{"min":1,"max":1}}`)
	h.next()
	h.send(2, "activate", fmt.Sprintf(`{"dataDir":%q}`, filepath.Dir(h.file)))
	h.next()
	return h
}

func (h *host) send(id int, method, params string) {
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s,"ctx":{"credit":1000}}`, id, method, params)
	fmt.Fprintf(h.out, "Content-Length: %d\r\n\r\n%s", len(body), body)
}

func (h *host) next() (m message) {
	h.t.Helper()
	var length int
	if _, err := fmt.Fscanf(h.in, "Content-Length: %d\r\n\r\n", &length); err != nil {
		h.t.Fatal(err)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(h.in, body); err != nil {
		h.t.Fatal(err)
	}
	if err := json.Unmarshal(body, &m); err != nil {
		h.t.Fatal(err)
	}
	return m
}

// item takes the next item, and returns its cursor.
func (h *host) item(line string, number int64) string {
	h.t.Helper()
	m := h.next()
	if m.Method != "$/item" || m.Params.Value != (entry{line, number}) {
		h.t.Fatalf("%+v is not %q, line %d", m, line, number)
	}
	return m.Params.Cursor
}

func (h *host) result(want string) {
	h.t.Helper()
	if m := h.next(); string(m.Result) != want {
		h.t.Fatalf("%+v is not %s", m, want)
	}
}

func (h *host) write(text string) {
	h.t.Helper()
	file, err := os.OpenFile(h.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
		file.Close()
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestWhatIsThereIsStreamedAndTheStreamGoesOnAfterAnyCursor(t *testing.T) {
	h := begin(t, "one\n\ntwö\r\nhalf a li")
	h.send(3, "journal.follow", `{"follow":false}`)
	cursors := []string{h.item("one", 1), h.item("", 2), h.item("twö", 3)}
	h.result(`{"lines":3}`)
	h.write("ne\n")
	for i, rest := range [][]string{{"", "twö", "half a line"}, {"twö", "half a line"}, {"half a line"}} {
		h.send(4, "journal.follow", fmt.Sprintf(`{"follow":false,"cursor":%q}`, cursors[i]))
		for j, line := range rest {
			h.item(line, int64(i+j+2))
		}
		h.result(fmt.Sprintf(`{"lines":%d}`, len(rest)))
	}
}

func TestWhatIsAppendedFollowsAndHalfALineWaitsForItsEnd(t *testing.T) {
	h := begin(t, "one\n")
	h.send(3, "journal.follow", `{"cursor":null}`)
	h.item("one", 1)
	h.write("tw")
	h.send(4, "ping", `{}`)
	h.result(`{}`)
	h.write("o\nthree\n")
	h.item("two", 2)
	h.item("three", 3)
}

func TestAFileThatIsNotThereYetIsWaitedFor(t *testing.T) {
	h := begin(t, "")
	h.send(3, "journal.follow", `{"follow":false}`)
	h.result(`{"lines":0}`)
	h.send(4, "journal.follow", `{}`)
	h.send(5, "journal.append", `{"line":"first"}`)
	// The answer and the item may come in either order.
	for range 2 {
		m := h.next()
		if m.Method == "" && string(m.Result) != `{"size":6}` || m.Method != "" && m.Params.Value.Line != "first" {
			t.Fatalf("%+v", m)
		}
	}
}

func TestAFileThatShrankIsReadFromItsBeginning(t *testing.T) {
	h := begin(t, "a long first line\n")
	h.send(3, "journal.follow", `{}`)
	cursor := h.item("a long first line", 1)
	if err := os.Truncate(h.file, 0); err != nil {
		t.Fatal(err)
	}
	h.write("short\n")
	h.item("short", 1)
	// So is one that shrank while nobody followed it.
	h.send(4, "journal.follow", fmt.Sprintf(`{"follow":false,"cursor":%q}`, cursor))
	h.item("short", 1)
	h.result(`{"lines":1}`)
}

func TestAFileThatWasReplacedIsReadFromItsBeginning(t *testing.T) {
	h := begin(t, "old\n")
	h.send(3, "journal.follow", `{}`)
	h.item("old", 1)
	fresh := h.file + ".fresh"
	if err := os.WriteFile(fresh, []byte("new and longer\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, h.file); err != nil {
		t.Fatal(err)
	}
	h.item("new and longer", 1)
}

func TestALongLineIsCutAndTheNextOneIsWhole(t *testing.T) {
	h := begin(t, strings.Repeat("x", maxLine+100_000)+"\nnext\n")
	h.send(3, "journal.follow", `{"follow":false}`)
	h.item(strings.Repeat("x", maxLine), 1)
	h.item("next", 2)
	h.result(`{"lines":2}`)
}

func TestWhatIsNoCursorAndNoLineIsRefused(t *testing.T) {
	h := begin(t, "one\n")
	for _, cursor := range []string{"", "5", "a:b", "-1:0", "1:2:3", "01:1"} {
		h.send(3, "journal.follow", fmt.Sprintf(`{"cursor":%q}`, cursor))
		if m := h.next(); m.Error == nil || m.Error.Data.Path != "/cursor" {
			t.Errorf("%q: %+v", cursor, m)
		}
	}
	h.send(4, "journal.append", `{"line":"two\nlines"}`)
	if m := h.next(); m.Error == nil || m.Error.Data.Path != "/line" {
		t.Errorf("%+v", m)
	}
}
