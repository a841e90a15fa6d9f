package plugin

import (
	"context"
	"log/slog"
	"os"
	"strings"
)

// LevelTrace is below slog.LevelDebug.
const LevelTrace = slog.LevelDebug - 4

// Log writes structured lines to stderr, where Bulkhead reads them: plugin.Log.Info("opened", "file", name). Plain text
// on stderr, with the package log for instance, becomes lines of the log as well.
var Log = slog.New(slog.NewJSONHandler(stderr{}, &slog.HandlerOptions{
	Level: LevelTrace,
	ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
		if len(groups) > 0 {
			return attr
		}
		switch attr.Key {
		case slog.TimeKey: // Bulkhead has a clock of its own
			return slog.Attr{}
		case slog.LevelKey:
			level, _ := attr.Value.Any().(slog.Level)
			return slog.String(slog.LevelKey, levelName(level))
		}
		return attr
	},
}))

// stderr is looked up for each line: tests replace it.
type stderr struct{}

func (stderr) Write(line []byte) (int, error) { return os.Stderr.Write(line) }

func levelName(level slog.Level) string {
	if level < slog.LevelDebug {
		return "trace"
	}
	name, _, _ := strings.Cut(strings.ToLower(level.String()), "+")
	return name
}

func say(text string) { Log.Log(context.Background(), slog.LevelError, text) }
