package main

import "testing"

func TestSomebodyIsGreeted(t *testing.T) {
	var got greeting
	err := newPlugin().Try("{{name}}.greet", greetParams{"Ada"}, &got)
	if err != nil || got.Greeting != "Hello, Ada!" {
		t.Error(got, err)
	}
}

func TestNobodyIsNot(t *testing.T) {
	for _, name := range []any{"", 5, nil} {
		err := newPlugin().Try("{{name}}.greet", map[string]any{"name": name}, nil)
		if err == nil {
			t.Errorf("%v is greeted", name)
		}
	}
}
