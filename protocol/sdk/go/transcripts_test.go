package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The golden conversations, held with examples/conformance. What the steps and patterns mean is said in
// protocol/transcripts/README.md.
func TestEveryGoldenConversationGoesAsWritten(t *testing.T) {
	files, err := filepath.Glob("../../transcripts/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Skip("protocol/transcripts is not next to the SDK")
	}
	conformance := filepath.Join(t.TempDir(), "conformance")
	if said, err := exec.Command("go", "build", "-o", conformance, "./examples/conformance").CombinedOutput(); err != nil {
		t.Fatalf("%s\n%s", err, said)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(string(text)), "\n")
			var about struct{ Capability string }
			if err := json.Unmarshal([]byte(lines[0]), &about); err != nil {
				t.Fatal(err)
			}
			// This SDK has none of those that a transcript can ask for.
			if about.Capability != "" {
				t.Skipf("no %s", about.Capability)
			}
			held := &conversation{process: start(t, conformance), names: map[string]any{}}
			// A plugin that says nothing must not hold up the test for ever.
			patience := time.AfterFunc(10*time.Second, func() { _ = held.command.Process.Kill() })
			defer patience.Stop()
			for number, line := range lines {
				var step map[string]any
				if err := json.Unmarshal([]byte(line), &step); err != nil {
					t.Fatal(err)
				}
				if err := held.take(unfolded(step).(map[string]any)); err != nil {
					t.Fatalf("line %d: %s\n%.300s\nstderr: %s", number+1, err, line, &held.stderr)
				}
			}
		})
	}
}

type conversation struct {
	*process
	names   map[string]any // of ids that the plugin chose
	ignored []any
}

func (c *conversation) take(step map[string]any) error {
	for kind, value := range step {
		switch kind {
		case "title":
		case "send":
			body, err := json.Marshal(c.named(value))
			if err != nil {
				return err
			}
			_, err = c.out.Write(frame(body))
			return err
		case "sendRaw":
			_, err := io.WriteString(c.out, value.(string))
			return err
		case "expect":
			return c.expectAll([][]any{{value}})
		case "unordered":
			var entries [][]any
			for _, entry := range value.([]any) {
				if list, several := entry.([]any); several {
					entries = append(entries, list)
				} else {
					entries = append(entries, []any{entry})
				}
			}
			return c.expectAll(entries)
		case "ignore":
			c.ignored = append(c.ignored, value)
		case "eof":
			return c.out.Close()
		case "expectExit":
			if rest, _ := io.ReadAll(c.in); len(rest) > 0 {
				return fmt.Errorf("nothing takes %s", rest)
			}
			if status := float64(c.status()); !c.fits(value, status) {
				return fmt.Errorf("it left with %v", status)
			}
		default:
			return fmt.Errorf("no such step")
		}
	}
	return nil
}

// expectAll takes messages until each entry has had all of its own, in its order.
func (c *conversation) expectAll(entries [][]any) error {
	left := 0
	for _, entry := range entries {
		left += len(entry)
	}
next:
	for left > 0 {
		body, err := readFrame(c.in, math.MaxInt64)
		if err != nil {
			return err
		}
		var message map[string]any
		if err := json.Unmarshal(body, &message); err != nil {
			return err
		}
		_, request := message["method"]
		_, result := message["result"]
		_, failure := message["error"]
		if message["jsonrpc"] != "2.0" || !request && result == failure {
			return fmt.Errorf("no message: %s", body)
		}
		for i, entry := range entries {
			if len(entry) > 0 && c.takes(entry[0], message) {
				entries[i] = entry[1:]
				left--
				continue next
			}
		}
		for _, pattern := range c.ignored {
			if c.takes(pattern, message) {
				continue next
			}
		}
		return fmt.Errorf("nothing takes %.1000s", body)
	}
	return nil
}

// takes is fits for a whole message: what does not fit names nothing.
func (c *conversation) takes(pattern, message any) bool {
	before := maps.Clone(c.names)
	if c.fits(pattern, message) {
		return true
	}
	c.names = before
	return false
}

// absent stands for a member that is not there.
type absent struct{}

func (c *conversation) fits(pattern, value any) bool {
	switch pattern := pattern.(type) {
	case map[string]any:
		if fits, wildcard := c.fitsWildcard(pattern, value); wildcard {
			return fits
		}
		object, is := value.(map[string]any)
		for name, inner := range pattern {
			member, there := object[name]
			if !there {
				member = absent{}
			}
			if !c.fits(inner, member) {
				return false
			}
		}
		return is
	case []any:
		list, is := value.([]any)
		if !is || len(list) != len(pattern) {
			return false
		}
		for i := range pattern {
			if !c.fits(pattern[i], list[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(pattern, value)
}

func (c *conversation) fitsWildcard(pattern map[string]any, value any) (fits, wildcard bool) {
	_, missing := value.(absent)
	text, isText := value.(string)
	for name, argument := range pattern {
		switch name {
		case "$any":
			return !missing, true
		case "$absent":
			return missing, true
		case "$type":
			return isOfType(argument.(string), value), true
		case "$pattern":
			return isText && regexp.MustCompile(argument.(string)).MatchString(text), true
		case "$oneOf":
			for _, each := range argument.([]any) {
				if c.fits(each, value) {
					return true, true
				}
			}
			return false, true
		case "$exact":
			return reflect.DeepEqual(argument, value), true
		case "$id":
			if known, named := c.names[argument.(string)]; named {
				return reflect.DeepEqual(known, value), true
			}
			if !isText && !isOfType("integer", value) {
				return false, true
			}
			c.names[argument.(string)] = value
			return true, true
		}
	}
	return false, false
}

func isOfType(name string, value any) bool {
	switch value := value.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case float64:
		return name == "number" || name == "integer" && value == math.Trunc(value)
	case string:
		return name == "string"
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}

// named replaces the names of ids by the ids.
func (c *conversation) named(value any) any {
	return replaced(value, func(object map[string]any) (any, bool) {
		name, is := object["$id"].(string)
		return c.names[name], is
	})
}

func unfolded(value any) any {
	return replaced(value, func(object map[string]any) (any, bool) {
		text, is := object["$repeat"].(string)
		if !is {
			return nil, false
		}
		return strings.Repeat(text, int(object["times"].(float64))), true
	})
}

func replaced(value any, by func(map[string]any) (any, bool)) any {
	switch value := value.(type) {
	case map[string]any:
		if other, is := by(value); is {
			return other
		}
		for name, inner := range value {
			value[name] = replaced(inner, by)
		}
	case []any:
		for i, inner := range value {
			value[i] = replaced(inner, by)
		}
	}
	return value
}
