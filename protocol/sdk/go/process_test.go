package plugin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program compiles a main.go outside of this module, as the author of a plugin does.
func program(t *testing.T, source string) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	module := "module example\n\ngo 1.22\n\nrequire bulkhead/plugin v0.0.0\n\nreplace bulkhead/plugin => " + here + "\n"
	for name, text := range map[string]string{"main.go": source, "go.mod": module} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	compile := exec.Command("go", "build", "-o", "plugin", ".")
	compile.Dir = folder
	if said, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%s", err, said)
	}
	return filepath.Join(folder, "plugin")
}

func TestTheTemplateIsAPluginWithATest(t *testing.T) {
	folder := t.TempDir()
	files, err := filepath.Glob("template/*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		copied(t, file, filepath.Join(folder, filepath.Base(file)))
	}
	if err := os.Mkdir(filepath.Join(folder, "sdk"), 0o700); err != nil {
		t.Fatal(err)
	}
	sources, _ := filepath.Glob("*.go")
	for _, file := range append(sources, "go.mod") {
		if !strings.HasSuffix(file, "_test.go") {
			copied(t, file, filepath.Join(folder, "sdk", file))
		}
	}
	for _, arguments := range [][]string{{"vet", "./..."}, {"test", "./..."}, {"build", "-o", "build/a-name", "."}} {
		command := exec.Command("go", arguments...)
		command.Dir = folder
		if said, err := command.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %s\n%s", strings.Join(arguments, " "), err, said)
		}
	}
	p := start(t, filepath.Join(folder, "build", "a-name"))
	p.handshake()
	p.send(`{"id":3,"method":"a-name.greet","params":{"name":"Ada"}}`)
	p.expect(`{"id":3,"result":{"greeting":"Hello, Ada!"}}`)
}

func copied(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, bytes.ReplaceAll(text, []byte("{{name}}"), []byte("a-name")), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

type process struct {
	*peer
	command *exec.Cmd
	stderr  bytes.Buffer
}

func start(t *testing.T, path string) *process {
	t.Helper()
	p := &process{command: exec.Command(path)}
	p.command.Stderr = &p.stderr
	in, err := p.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.command.Process.Kill() })
	p.peer = &peer{t, bufio.NewReader(out), in}
	return p
}

func (p *process) handshake() {
	p.t.Helper()
	p.send(`{"id":1,"method":"initialize","params":{"protocol":{"min":1,"max":1}}}`)
	p.expect(`{"id":1,"result":{"build":{"language":"go"}}}`)
	p.send(`{"id":2,"method":"activate","params":{"apis":[],"config":{},"dataDir":""}}`)
	p.expect(`{"id":2,"result":{}}`)
}

// status waits for the end.
func (p *process) status() int {
	_ = p.command.Wait()
	return p.command.ProcessState.ExitCode()
}

func TestTheReadmeBeginsWithAnExampleThatWorks(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "```go\n")
	source, _, whole := strings.Cut(after, "```")
	if !whole {
		t.Fatal("there is no example")
	}
	p := start(t, program(t, source))
	p.handshake()
	for params, least := range map[string]string{
		`{"a":1,"b":2}`:       `1`,
		`{"a":-10,"b":10}`:    `-10`,
		`{"a":2000,"b":2000}`: `2000`,
	} {
		p.send(`{"id":3,"method":"numbers.min","params":%s}`, params)
		p.expect(`{"id":3,"result":` + least + `}`)
	}
	p.out.Close()
	if status := p.status(); status != 0 {
		t.Error(status)
	}
}

const hostile = `package main

import (
	"os"
	"os/exec"

	"bulkhead/plugin"
)

type none struct{}

func main() {
	p := plugin.New("hostile", "1.0.0")
	api := p.API("hostile", "1.0.0")
	plugin.Method(api, "panic", func(*plugin.Call, none) (plugin.Null, error) { panic("on purpose") })
	plugin.Method(api, "child", func(*plugin.Call, none) (plugin.Null, error) {
		child := exec.Command("sh", "-c", "cat; echo from a child")
		child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
		return plugin.Null{}, child.Run()
	})
	p.Run()
}
`

func TestAPanicEndsTheProcessWithItsPlaceOnStderr(t *testing.T) {
	p := start(t, program(t, hostile))
	p.handshake()
	p.send(`{"id":3,"method":"hostile.child","params":{}}`)
	p.expect(`{"id":3,"result":null}`)
	p.send(`{"id":4,"method":"hostile.panic","params":{}}`)
	if status := p.status(); status != 2 {
		t.Error(status)
	}
	for _, said := range []string{"from a child\n", "panic: on purpose\n", "main.go:"} {
		if !strings.Contains(p.stderr.String(), said) {
			t.Errorf("%q is not in %s", said, &p.stderr)
		}
	}
}

func TestAPluginStartedInATerminalExplainsItself(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no terminals here: ", err)
	}
	defer terminal.Close()
	command := exec.Command(program(t, hostile))
	command.Stdin = terminal
	said, err := command.CombinedOutput()
	var left *exec.ExitError
	if !errors.As(err, &left) || left.ExitCode() != 64 {
		t.Error(err)
	}
	if !strings.Contains(string(said), "[plugins.hostile]") {
		t.Errorf("%s", said)
	}
}

func TestAPluginWithoutInputLeaves(t *testing.T) {
	if said, err := exec.Command(program(t, hostile)).CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("%v %s", err, said)
	}
}

func TestALineOfTheLogIsJSONWithALevelAndAMessage(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = write
	Log.Warn("full", "left", 3)
	Log.Log(context.Background(), LevelTrace, "deep", slog.Group("in", "level", 5))
	os.Stderr = before
	write.Close()
	lines := bufio.NewScanner(read)
	for _, want := range []string{`{"level":"warn","msg":"full","left":3}`, `{"level":"trace","msg":"deep","in":{"level":5}}`} {
		if !lines.Scan() || lines.Text() != want {
			t.Errorf("%s", lines.Text())
		}
	}
}
