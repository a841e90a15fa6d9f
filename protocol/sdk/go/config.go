package plugin

import (
	"encoding/json"
	"reflect"
	"sync/atomic"
)

// Settings is the plugin's configuration as a type of its own.
type Settings[T any] struct {
	current  atomic.Pointer[T]
	onChange func(*Call, T) error
	plugin   *Plugin
}

// configuration is Settings without its type.
type configuration struct {
	schema Schema
	take   func(call *Call, raw json.RawMessage, change bool) error
}

// Config says what the plugin's configuration looks like: a struct of strings, integers, booleans and lists of strings.
// A field that may be missing is a pointer, or has the tag `json:",omitempty"` or `default:"…"`; a secret has
// `secret:"true"`. What does not fit is refused with the JSON pointer to the value.
func Config[T any](p *Plugin) *Settings[T] {
	if p.config != nil {
		panic("plugin: the configuration has one type")
	}
	schema := schemaOf(reflect.TypeFor[T](), asConfig)
	if reflect.TypeFor[T]().Kind() != reflect.Struct || schema["type"] != "object" {
		panic("plugin: a configuration is a struct")
	}
	settings := &Settings[T]{plugin: p}
	p.config = &configuration{schema: schema, take: settings.take}
	return settings
}

// Get is the configuration in force; before the activation, the zero value.
func (s *Settings[T]) Get() T {
	if current := s.current.Load(); current != nil {
		return *current
	}
	var none T
	return none
}

// OnChange lets the configuration be changed while the plugin runs. The hook is given the next one, whole; after an
// error that it returns, such as ConfigInvalid, the old one stays in force.
func (s *Settings[T]) OnChange(hook func(call *Call, next T) error) {
	s.onChange = hook
	s.plugin.configurable = true
}

func (s *Settings[T]) take(call *Call, raw json.RawMessage, change bool) error {
	next := new(T)
	if wrong := decode(orEmpty(raw), reflect.ValueOf(next).Elem()); wrong != nil {
		return misplaced(codeConfigInvalid, "config_invalid", wrong.path, wrong.Error())
	}
	if change {
		if err := s.onChange(call, *next); err != nil {
			return err
		}
	}
	s.current.Store(next)
	return nil
}
