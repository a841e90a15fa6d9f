package plugin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
)

// peer is the supervisor's side of a conversation.
type peer struct {
	t   *testing.T
	in  *bufio.Reader
	out io.WriteCloser
}

// serve runs a plugin within the test, after its handshake.
func serve(t *testing.T, p *Plugin) *peer {
	t.Helper()
	c := begin(t, p)
	c.send(`{"id":"i","method":"initialize","params":{"protocol":{"min":1,"max":1},"plugin":"mine","generation":3,
		"services":["host.storage"],"limits":{"frameBytes":4096}}}`)
	c.expect(`{"id":"i"}`)
	c.send(`{"id":"a","method":"activate","params":{"apis":[],"config":{},"dataDir":"/data"}}`)
	c.expect(`{"id":"a","result":{}}`)
	return c
}

func begin(t *testing.T, p *Plugin) *peer {
	fromSupervisor, toPlugin := io.Pipe()
	fromPlugin, toSupervisor := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- p.Serve(fromSupervisor, toSupervisor)
		toSupervisor.Close()
	}()
	t.Cleanup(func() {
		toPlugin.Close()
		go func() { _, _ = io.Copy(io.Discard, fromPlugin) }()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &peer{t, bufio.NewReader(fromPlugin), toPlugin}
}

func (c *peer) send(format string, values ...any) {
	c.t.Helper()
	body := strings.Replace(fmt.Sprintf(format, values...), "{", `{"jsonrpc":"2.0",`, 1)
	if _, err := c.out.Write(frame([]byte(body))); err != nil {
		c.t.Fatal(err)
	}
}

func (c *peer) next() string {
	c.t.Helper()
	body, err := readFrame(c.in, frameBytes)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(body)
}

// expect takes the next message, which has these members and perhaps others.
func (c *peer) expect(pattern string) {
	c.t.Helper()
	body := c.next()
	var want, got any
	if err := json.Unmarshal([]byte(pattern), &want); err != nil {
		c.t.Fatal(pattern, err)
	}
	_ = json.Unmarshal([]byte(body), &got)
	if !matches(want, got) {
		c.t.Fatalf("\n got %s\nwant %s", body, pattern)
	}
}

func matches(want, got any) bool {
	members, isObject := want.(map[string]any)
	if !isObject {
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		return string(a) == string(b)
	}
	has, isObject := got.(map[string]any)
	for name, value := range members {
		inner, there := has[name]
		if !there || !matches(value, inner) {
			return false
		}
	}
	return isObject
}

type none struct{}

func TestAStreamKeepsItsOrderWhoeverSends(t *testing.T) {
	p := New("p", "1.0.0")
	Stream(p.API("s", "1.0.0"), "many", func(call *Call, _ none, items *Items[int]) (Null, error) {
		var all sync.WaitGroup
		for n := range 20 {
			all.Add(1)
			go func() {
				defer all.Done()
				if err := items.Send(n); err != nil {
					t.Error(err)
				}
			}()
		}
		all.Wait()
		return Null{}, nil
	})
	c := serve(t, p)
	c.send(`{"id":1,"method":"s.many","params":{},"ctx":{"credit":3}}`)
	for seq := range 20 {
		c.expect(fmt.Sprintf(`{"method":"$/item","params":{"id":1,"seq":%d}}`, seq))
		if seq >= 2 {
			c.send(`{"method":"$/credit","params":{"id":1,"n":1}}`)
		}
	}
	c.expect(`{"id":1,"result":null}`)
}

func TestNothingOfACallLeavesAfterItsAnswer(t *testing.T) {
	p := New("p", "1.0.0")
	late := make(chan error)
	answered := make(chan none)
	Stream(p.API("s", "1.0.0"), "late", func(call *Call, _ none, items *Items[int]) (Null, error) {
		go func() {
			<-answered
			call.Progress("late", 1, 0)
			late <- errors.Join(items.Send(1), call.Host().Emit("s.late", nil))
		}()
		return Null{}, nil
	})
	c := serve(t, p)
	c.send(`{"id":1,"method":"s.late","params":{},"ctx":{"credit":3}}`)
	c.expect(`{"id":1,"result":null}`)
	close(answered)
	if err := <-late; err == nil {
		t.Error("it was sent")
	}
	c.send(`{"id":2,"method":"ping","params":{}}`)
	c.expect(`{"id":2,"result":{}}`)
}

func TestAnItemBeyondTheLimitsIsAnErrorAndCostsNoCredit(t *testing.T) {
	p := New("p", "1.0.0")
	Stream(p.API("s", "1.0.0"), "large", func(_ *Call, _ none, items *Items[string]) (int, error) {
		for i, err := range []error{
			items.Send(strings.Repeat("x", 5000)),
			items.SendAt("x", strings.Repeat("x", 1025)),
		} {
			if err == nil {
				return i, nil
			}
		}
		return -1, items.Send("small")
	})
	c := serve(t, p)
	c.send(`{"id":1,"method":"s.large","params":{},"ctx":{"credit":1}}`)
	c.expect(`{"method":"$/item","params":{"id":1,"seq":0,"value":"small"}}`)
	c.expect(`{"id":1,"result":-1}`)
}

func TestTheHostIsAskedInTheCourseOfACall(t *testing.T) {
	p := New("p", "1.0.0")
	api := p.API("s", "1.0.0")
	Method(api, "storage", func(call *Call, _ none) (map[string]any, error) {
		host := call.Host()
		storage := host.Storage()
		var seen []int
		found, err := storage.Get("seen", &seen)
		if err != nil {
			return nil, err
		}
		_, other := storage.Get("other", &seen)
		keys, more, err := storage.List("a", "", 2)
		return map[string]any{
			"found": found, "seen": seen, "keys": keys, "more": more, "error": fmt.Sprint(other),
			"granted": []bool{host.Granted("host.storage"), host.Granted("host.emit")},
		}, errors.Join(err, storage.Set("seen", seen))
	})
	c := serve(t, p)
	c.send(`{"id":"x","method":"s.storage","params":{}}`)
	c.expect(`{"id":1,"method":"host.storage.get","params":{"key":"seen"},"ctx":{"parent":"x"}}`)
	c.send(`{"id":1,"result":{"value":[1,2]}}`)
	c.expect(`{"id":2,"method":"host.storage.get","params":{"key":"other"},"ctx":{"parent":"x"}}`)
	c.send(`{"id":2,"error":{"code":-31900,"message":"it is full","data":{"code":"storage_full"}}}`)
	c.expect(`{"id":3,"method":"host.storage.list","params":{"prefix":"a","limit":2}}`)
	c.send(`{"id":3,"result":{"keys":["a","ab"],"more":true}}`)
	c.expect(`{"id":4,"method":"host.storage.set","params":{"key":"seen","value":[1,2]}}`)
	c.send(`{"id":4,"result":null}`)
	c.expect(`{"id":"x","result":{"found":true,"seen":[1,2],"keys":["a","ab"],"more":true,
		"error":"it is full (storage_full)","granted":[true,false]}}`)
}

func TestAnErrorOfTheHostThatIsPassedOnIsThePluginsOwn(t *testing.T) {
	p := New("p", "1.0.0")
	Method(p.API("s", "1.0.0"), "ask", func(call *Call, _ none) (Null, error) {
		return Null{}, call.Host().Call("other/x.y", nil, nil)
	})
	c := serve(t, p)
	c.send(`{"id":1,"method":"s.ask","params":{}}`)
	c.expect(`{"id":1,"method":"host.call","params":{"target":"other/x.y","params":{}},"ctx":{"parent":1}}`)
	c.send(`{"id":1,"error":{"code":-31999,"message":"it crashed","data":{"code":"plugin_crashed"}}}`)
	c.expect(`{"id":1,"error":{"code":-32603,"message":"it crashed (plugin_crashed)"}}`)
}

func TestARequestToTheHostEndsWithItsContext(t *testing.T) {
	p := New("p", "1.0.0")
	ctx, cancel := context.WithCancel(context.Background())
	Method(p.API("s", "1.0.0"), "ask", func(call *Call, _ none) (string, error) {
		return call.Host().With(ctx).Request("todo.query", nil, nil).Error(), nil
	})
	c := serve(t, p)
	c.send(`{"id":1,"method":"s.ask","params":{}}`)
	c.expect(`{"id":1,"method":"todo.query","params":{},"ctx":{"parent":1}}`)
	cancel()
	c.expect(`{"method":"$/cancelRequest","params":{"id":1}}`)
	c.expect(`{"id":1,"result":"context canceled"}`)
}

func TestTheHostCanBeAskedOutsideOfACallFromTheActivationOn(t *testing.T) {
	p := New("p", "1.0.0")
	p.OnActivate(func(call *Call) error { return call.Host().Log("info", "hello", nil) })
	if p.Host().Emit("s.e", nil) == nil {
		t.Error("there is no host yet")
	}
	c := begin(t, p)
	c.send(`{"id":"i","method":"initialize","params":{"protocol":{"min":1,"max":1},"plugin":"mine","generation":3}}`)
	c.expect(`{"id":"i"}`)
	if p.Host().Emit("s.e", nil) == nil {
		t.Error("before the activation nothing may be asked")
	}
	c.send(`{"id":"a","method":"activate","params":{"dataDir":"/data"}}`)
	c.expect(`{"id":1,"method":"host.log","params":{"level":"info","msg":"hello"},"ctx":{"parent":"a"}}`)
	c.send(`{"id":1,"result":null}`)
	c.expect(`{"id":"a","result":{}}`)
	emitted := make(chan error)
	go func() { emitted <- p.Host().Emit("s.e", map[string]int{"n": 1}) }()
	if body := c.next(); body != `{"jsonrpc":"2.0","id":2,"method":"host.emit","params":{"event":"s.e","params":{"n":1}}}` {
		t.Error(body)
	}
	c.send(`{"id":2,"result":null}`)
	if err := <-emitted; err != nil {
		t.Error(err)
	}
	name, generation := p.RunsAs()
	if name != "mine" || generation != 3 || p.DataDir() != "/data" {
		t.Error(name, generation, p.DataDir())
	}
}

func TestTheAgreedVersionOfAnAPIServes(t *testing.T) {
	for version, served := range map[string]string{"1.0.0": "old", "2.0.0": "new"} {
		p := New("p", "1.0.0")
		Method(p.API("s", "1.0.0"), "old", func(*Call, none) (string, error) { return "old", nil })
		Method(p.API("s", "2.0.0"), "new", func(*Call, none) (string, error) { return "new", nil })
		c := begin(t, p)
		c.send(`{"id":1,"method":"initialize","params":{"protocol":{"min":1,"max":1}}}`)
		c.expect(`{"id":1}`)
		c.send(`{"id":2,"method":"activate","params":{"apis":[{"name":"s","version":%q}]}}`, version)
		c.expect(`{"id":2}`)
		for _, name := range []string{"old", "new"} {
			c.send(`{"id":3,"method":"s.%s","params":{}}`, name)
			if name == served {
				c.expect(fmt.Sprintf(`{"id":3,"result":%q}`, name))
			} else {
				c.expect(`{"id":3,"error":{"code":-32601}}`)
			}
		}
	}
}

type label struct {
	Label string `json:"label,omitempty"`
}

func TestAConfigurationThatAHookRefusesIsNotInForce(t *testing.T) {
	p := New("p", "1.0.0")
	settings := Config[label](p)
	settings.OnChange(func(_ *Call, next label) error {
		if next.Label == "bad" {
			return ConfigInvalid("/label", "not %q", next.Label)
		}
		return nil
	})
	Method(p.API("s", "1.0.0"), "label", func(*Call, none) (string, error) { return settings.Get().Label, nil })
	c := serve(t, p)
	for id, each := range []struct{ label, answer, inForce string }{
		{"a", `"result":{}`, "a"},
		{"bad", `"error":{"code":-32002,"data":{"code":"config_invalid","path":"/label"}}`, "a"},
		{"b", `"result":{}`, "b"},
	} {
		c.send(`{"id":%d,"method":"configure","params":{"config":{"label":%q}}}`, id, each.label)
		c.expect(fmt.Sprintf(`{"id":%d,%s}`, id, each.answer))
		c.send(`{"id":"g","method":"s.label","params":{}}`)
		c.expect(fmt.Sprintf(`{"id":"g","result":%q}`, each.inForce))
	}
}

func TestAPluginThatRefusesToStartIsNotReady(t *testing.T) {
	p := New("p", "1.0.0")
	p.OnActivate(func(*Call) error { return ConfigInvalid("/root", "there is no such directory") })
	Method(p.API("s", "1.0.0"), "m", func(*Call, none) (Null, error) { return Null{}, nil })
	c := begin(t, p)
	c.send(`{"id":1,"method":"initialize","params":{"protocol":{"min":1,"max":1}}}`)
	c.expect(`{"id":1,"result":{"capabilities":{"ping":true}}}`)
	c.send(`{"id":2,"method":"activate","params":{}}`)
	c.expect(`{"id":2,"error":{"code":-32002,"data":{"path":"/root"}}}`)
	c.send(`{"id":3,"method":"s.m","params":{}}`)
	c.expect(`{"id":3,"error":{"code":-32600}}`)
}

func TestAnyErrorIsAnsweredAndAnOwnOneKeepsItsNameWhenWrapped(t *testing.T) {
	p := New("p", "1.0.0")
	api := p.API("s", "1.0.0")
	Method(api, "plain", func(*Call, none) (Null, error) { return Null{}, io.ErrUnexpectedEOF })
	Method(api, "wrapped", func(*Call, none) (Null, error) {
		return Null{}, fmt.Errorf("reading: %w", Fail("no_such_file", "%s is not there", "x"))
	})
	Method(api, "beyond", func(*Call, none) (int64, error) { return 1 << 60, nil })
	c := serve(t, p)
	c.send(`{"id":1,"method":"s.plain","params":{}}`)
	c.expect(`{"id":1,"error":{"code":-32603,"message":"unexpected EOF","data":{"code":"internal_error"}}}`)
	c.send(`{"id":2,"method":"s.wrapped","params":{}}`)
	c.expect(`{"id":2,"error":{"code":1,"message":"reading: x is not there","data":{"code":"no_such_file"}}}`)
	c.send(`{"id":3,"method":"s.beyond","params":{}}`)
	c.expect(`{"id":3,"error":{"code":-32603}}`)
}

func TestMistakesOfTheProgramAreFoundAtOnce(t *testing.T) {
	nothing := func(*Call, none) (Null, error) { return Null{}, nil }
	for what, mistake := range map[string]func(){
		"a name":         func() { New("Big", "1.0.0") },
		"a version":      func() { New("p", "1") },
		"an api twice":   func() { p := New("p", "1.0.0"); p.API("s", "1.0.0"); p.API("s", "1.0.0") },
		"a method twice": func() { a := New("p", "1.0.0").API("s", "1.0.0"); Method(a, "m", nothing); Method(a, "m", nothing) },
		"params that are a list": func() {
			Method(New("p", "1.0.0").API("s", "1.0.0"), "m", func(*Call, []int) (Null, error) { return Null{}, nil })
		},
		"a dangling action": func() {
			p := New("p", "1.0.0")
			p.API("s", "1.0.0").Action(Action{ID: "a", Method: "m"})
			_ = p.Serve(strings.NewReader(""), io.Discard)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s is not found", what)
				}
			}()
			mistake()
		}()
	}
}

func TestACallCanBeTriedWithoutASession(t *testing.T) {
	p := New("p", "1.0.0")
	api := p.API("s", "1.0.0")
	type number struct {
		N int `json:"n"`
	}
	Method(api, "twice", func(call *Call, in number) (number, error) {
		call.Progress("half", 1, 2)
		return number{in.N * 2}, nil
	})
	Method(api, "ask", func(call *Call, in none) (Null, error) { return Null{}, call.Host().Emit("s.e", nil) })
	Stream(api, "many", func(_ *Call, _ none, items *Items[int]) (int, error) {
		return 2, errors.Join(items.Send(1), items.Send(2))
	})
	var got number
	if err := p.Try("s.twice", number{4}, &got); err != nil || got.N != 8 {
		t.Error(got, err)
	}
	if err := p.Try("s.many", nil, nil); err != nil {
		t.Error(err)
	}
	var refused *Error
	if err := p.Try("s.twice", map[string]any{"n": "x"}, nil); !errors.As(err, &refused) || refused.Code != -32602 {
		t.Error(err)
	}
	if p.Try("s.ask", nil, nil) == nil || p.Try("s.other", nil, nil) == nil {
		t.Error("there is no host and no such method")
	}
}
