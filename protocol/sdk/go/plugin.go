// Package plugin is for writing Bulkhead plugins in Go. A plugin is an ordinary executable that offers apis; its methods
// are plain functions over types of its own, which their JSON Schemas are made from.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"syscall"
)

// protocol is the version that this package speaks.
const protocol = 1

const sdk = "bulkhead/plugin 0.1.0"

// sysexits.h: started by hand; the supervisor was misunderstood; it is unreachable.
const (
	exitUsage = 64
	exitData  = 65
	exitIO    = 74
)

// Plugin is built once, in main, and then run.
type Plugin struct {
	name, version string
	apis          []*API
	needs         []Need
	config        *configuration
	configurable  bool
	exclusive     bool
	onActivate    func(*Call) error
	session       atomic.Pointer[session]
}

// Need is a host service that the plugin calls.
type Need struct {
	Service string `json:"service"`
	// Range of versions, such as "^1.0.0".
	Range string `json:"range"`
	// Optional: the plugin works without it. Otherwise it is not started where the service is not granted.
	Optional bool `json:"optional,omitempty"`
}

// New makes a plugin. The name is [a-z][a-z0-9-]*, the version a semantic version. Like all that follows before Run, it
// panics when what it is told can not be.
func New(name, version string) *Plugin {
	mustMatch(pluginName, "plugin name", name)
	mustMatch(semver, "version", version)
	return &Plugin{name: name, version: version}
}

// API offers an api. The same name may be offered in several versions.
func (p *Plugin) API(name, version string) *API {
	mustMatch(pluginName, "api name", name)
	mustMatch(semver, "version", version)
	for _, other := range p.apis {
		if other.name == name && other.version == version {
			panic(fmt.Sprintf("plugin: the api %s %s is offered twice", name, version))
		}
	}
	api := &API{name: name, version: version}
	p.apis = append(p.apis, api)
	return api
}

// Needs says which host service the plugin calls.
func (p *Plugin) Needs(need Need) { p.needs = append(p.needs, need) }

// Exclusive: two processes of this plugin can not run at once, because it owns a port or a lock.
func (p *Plugin) Exclusive() { p.exclusive = true }

// OnActivate runs before the first call, when the configuration is known. An error fails the start.
func (p *Plugin) OnActivate(hook func(*Call) error) { p.onActivate = hook }

// Host outside of a call. What a handler asks, it should ask with Call.Host.
func (p *Plugin) Host() *Host { return &Host{session: p.session.Load(), ctx: context.Background()} }

// DataDir is a directory of the plugin's own that outlives the process. It is known from the activation on, and not
// necessarily there yet.
func (p *Plugin) DataDir() string { return p.activation().dataDir }

// RunsAs is the name under which the supervisor runs this process, and which life of that name it is, counted from 1.
func (p *Plugin) RunsAs() (name string, generation int64) {
	known := p.activation()
	return known.name, known.generation
}

func (p *Plugin) activation() activation {
	if session := p.session.Load(); session != nil {
		return session.activation()
	}
	return activation{}
}

// Run serves until the supervisor says `exit` or is gone, and ends the process. From here on standard output leads to
// standard error and standard input is empty: the protocol has them. Print nothing before.
func (p *Plugin) Run() {
	if isTerminal(os.Stdin) {
		p.explain()
		os.Exit(exitUsage)
	}
	in, out, err := takeStreams()
	if err != nil {
		say("the standard streams are not usable: " + err.Error())
		os.Exit(exitIO)
	}
	os.Exit(p.serve(in, out, func(err error) {
		// Nobody is left to talk to.
		if errors.Is(err, syscall.EPIPE) {
			os.Exit(0)
		}
		say("stdout can not be written: " + err.Error())
		os.Exit(exitIO)
	}))
}

// Serve is Run over other streams, for tests. It returns at the end of the input, and when the protocol ends.
func (p *Plugin) Serve(in io.Reader, out io.Writer) error {
	var failure atomic.Pointer[error]
	if status := p.serve(in, out, func(err error) { failure.CompareAndSwap(nil, &err) }); status != 0 {
		return fmt.Errorf("status %d", status)
	}
	if err := failure.Load(); err != nil {
		return *err
	}
	return nil
}

func (p *Plugin) serve(in io.Reader, out io.Writer, gone func(error)) int {
	for _, api := range p.apis {
		api.check()
	}
	session := newSession(p, newOutput(out, gone))
	p.session.Store(session)
	return session.run(in)
}

type apiDescription struct {
	Name    string       `json:"name"`
	Version string       `json:"version"`
	Methods []*operation `json:"methods"`
	Events  []*operation `json:"events,omitempty"`
	Actions []Action     `json:"actions,omitempty"`
}

type description struct {
	Protocol int `json:"protocol"`
	Plugin   struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"plugin"`
	Build        map[string]string `json:"build"`
	APIs         []apiDescription  `json:"apis"`
	Needs        []Need            `json:"needs,omitempty"`
	Config       Schema            `json:"config,omitempty"`
	Exclusive    bool              `json:"exclusive,omitempty"`
	Capabilities struct {
		Ping      bool `json:"ping"`
		Configure bool `json:"configure,omitempty"`
	} `json:"capabilities"`
}

func (p *Plugin) describe() description {
	said := description{Protocol: protocol, Build: build(), Needs: p.needs, Exclusive: p.exclusive}
	said.Plugin.Name, said.Plugin.Version = p.name, p.version
	for _, api := range p.apis {
		said.APIs = append(said.APIs, apiDescription{api.name, api.version, api.methods, api.events, api.actions})
	}
	if p.config != nil {
		said.Config = p.config.schema
	}
	said.Capabilities.Ping = true
	said.Capabilities.Configure = p.configurable
	return said
}

func build() map[string]string {
	profile := "release"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			unoptimised := setting.Key == "-gcflags" && strings.Contains(setting.Value, "-N")
			if unoptimised || setting.Key == "-race" && setting.Value == "true" {
				profile = "debug"
			}
		}
	}
	machine := runtime.GOARCH
	if known, ok := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "386": "i686"}[machine]; ok {
		machine = known
	}
	return map[string]string{
		"language": "go",
		"compiler": strings.Replace(runtime.Version(), "go", "go ", 1),
		"profile":  profile,
		"target":   machine + "-" + runtime.GOOS,
		"sdk":      sdk,
	}
}

func (p *Plugin) explain() {
	fmt.Fprintf(os.Stderr, `%s is a Bulkhead plugin: it speaks JSON-RPC over stdin and stdout, and a terminal does not.
To run it, add it to bulkhead.toml:

    [plugins.%s]
    command = %q

Then: bulkhead up
`, p.name, p.name, os.Args[0])
}
