// A durable source with a cursor: it streams the lines of a file, and goes on where its reader left off.
package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"bulkhead/plugin"
)

// pollTime is how often a file that is followed is looked at.
const pollTime = 200 * time.Millisecond

type config struct {
	File string `json:"file,omitempty" doc:"The file to follow; journal.log in the plugin's data directory."`
}

type followParams struct {
	Cursor *string `json:"cursor" doc:"Of the last line that was taken; null or absent is the beginning."`
	Follow bool    `json:"follow" default:"true" doc:"Whether to wait for lines that are yet to come."`
}

type entry struct {
	Line   string `json:"line"`
	Number int64  `json:"number" doc:"Counts the lines of the file from 1."`
}

type followed struct {
	Lines int64 `json:"lines" doc:"How many were sent."`
}

type appendParams struct {
	Line string `json:"line" doc:"One line, without its end."`
}

type appended struct {
	Size int64 `json:"size" doc:"Of the file, in bytes."`
}

type source struct {
	plugin   *plugin.Plugin
	settings *plugin.Settings[config]
}

func main() { newPlugin().Run() }

func newPlugin() *plugin.Plugin {
	p := plugin.New("journal-source", "1.0.0")
	s := &source{p, plugin.Config[config](p)}
	journal := p.API("journal", "1.0.0")
	plugin.Stream(journal, "follow", s.follow,
		plugin.Description("Streams the whole lines of the file: those that are there, then those that are appended."))
	plugin.Method(journal, "append", s.append,
		plugin.Description("Appends a line to the file."))
	return p
}

func (s *source) path() string {
	if file := s.settings.Get().File; file != "" {
		return file
	}
	return filepath.Join(s.plugin.DataDir(), "journal.log")
}

func (s *source) follow(call *plugin.Call, in followParams, items *plugin.Items[entry]) (followed, error) {
	var from position
	if in.Cursor != nil {
		var ok bool
		if from, ok = parsePosition(*in.Cursor); !ok {
			return followed{}, plugin.InvalidParams("/cursor", "expected a cursor of this stream, found %.40q", *in.Cursor)
		}
	}
	lines := newTail(s.path(), from)
	defer lines.close()
	var sent int64
	for {
		line, ok, err := lines.next()
		if err != nil {
			return followed{}, err
		}
		if ok {
			if err := items.SendAt(entry{line, lines.at.number}, lines.at.String()); err != nil {
				return followed{}, err
			}
			sent++
			continue
		}
		if !in.Follow {
			return followed{sent}, nil
		}
		if err := call.Sleep(pollTime); err != nil {
			return followed{}, err
		}
	}
}

func (s *source) append(_ *plugin.Call, in appendParams) (appended, error) {
	if strings.ContainsAny(in.Line, "\r\n") {
		return appended{}, plugin.InvalidParams("/line", "expected one line")
	}
	path := s.path()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return appended{}, err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return appended{}, err
	}
	defer file.Close()
	// One write: the lines of concurrent calls do not mix.
	if _, err := file.WriteString(in.Line + "\n"); err != nil {
		return appended{}, err
	}
	info, err := file.Stat()
	if err != nil {
		return appended{}, err
	}
	return appended{info.Size()}, nil
}
