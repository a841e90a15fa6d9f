package main

import "bulkhead/plugin"

type greetParams struct {
	Name string `json:"name" doc:"Who is greeted."`
}

type greeting struct {
	Greeting string `json:"greeting"`
}

func greet(_ *plugin.Call, in greetParams) (greeting, error) {
	if in.Name == "" {
		return greeting{}, plugin.InvalidParams("/name", "must not be empty")
	}
	return greeting{"Hello, " + in.Name + "!"}, nil
}

func newPlugin() *plugin.Plugin {
	p := plugin.New("{{name}}", "0.1.0")
	api := p.API("{{name}}", "1.0.0")
	plugin.Method(api, "greet", greet, plugin.Description("Greets somebody."), plugin.Idempotent())
	return p
}

func main() { newPlugin().Run() }
