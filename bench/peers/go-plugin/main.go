// HashiCorp go-plugin as a contestant, host and plugin in one binary: `go-plugin grpc` and `go-plugin netrpc` are hosts that
// take work as JSON lines on stdin and answer with figures, as bench/serve.ts does. `go-plugin plugin-grpc` and `plugin-netrpc` are their plugins.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

type work struct {
	Bytes    int   `json:"bytes"`
	Calls    int64 `json:"calls"`
	InFlight int   `json:"inFlight"`
}

type figure struct {
	MicrosPerCall    float64 `json:"microsPerCall"`
	CPUMicrosPerCall float64 `json:"cpuMicrosPerCall"`
}

var ways = map[string]plugin.Plugin{"grpc": overGRPC{}, "netrpc": overNetRPC{}}

func main() {
	var way string
	if len(os.Args) == 2 {
		way = os.Args[1]
	}
	if strings.HasPrefix(way, "plugin-") {
		serve(strings.TrimPrefix(way, "plugin-"))
		return
	}
	if _, known := ways[way]; !known {
		fmt.Fprintln(os.Stderr, "usage: go-plugin grpc|netrpc")
		os.Exit(2)
	}
	if err := host(way); err != nil {
		fmt.Fprintln(os.Stderr, "go-plugin:", err)
		os.Exit(1)
	}
}

func set(way string) map[string]plugin.Plugin {
	return map[string]plugin.Plugin{"echo": ways[way]}
}

func serve(way string) {
	config := &plugin.ServeConfig{HandshakeConfig: handshake, Plugins: set(way), Logger: hclog.NewNullLogger()}
	if way == "grpc" {
		// Its own bound of 4 MiB is the only one that the work goes beyond.
		config.GRPCServer = func(options []grpc.ServerOption) *grpc.Server {
			return plugin.DefaultGRPCServer(append(options, grpc.MaxRecvMsgSize(math.MaxInt32)))
		}
	}
	plugin.Serve(config)
}

func host(way string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          set(way),
		Cmd:              exec.Command(self, "plugin-"+way),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC, plugin.ProtocolNetRPC},
		Logger:           hclog.NewNullLogger(),
	})
	defer client.Kill()
	connection, err := client.Client()
	if err != nil {
		return err
	}
	dispensed, err := connection.Dispense("echo")
	if err != nil {
		return err
	}
	echo := dispensed.(Echo)

	answer := json.NewEncoder(os.Stdout)
	if err := answer.Encode(map[string]any{"about": about(way)}); err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked work
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		measured, err := measure(echo, asked)
		if err != nil {
			return err
		}
		if err := answer.Encode(measured); err != nil {
			return err
		}
	}
	return lines.Err()
}

func about(way string) string {
	parts := []string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			switch dependency.Path {
			case "github.com/hashicorp/go-plugin":
				parts = append(parts, "go-plugin "+dependency.Version)
			case "google.golang.org/grpc":
				if way == "grpc" {
					parts = append(parts, "grpc "+dependency.Version)
				}
			}
		}
	}
	return strings.Join(append(parts, runtime.Version()), ", ")
}

// measure makes the calls from as many goroutines as there are to be in flight.
func measure(echo Echo, asked work) (figure, error) {
	text := strings.Repeat("a", asked.Bytes)
	call := func() error {
		result, err := echo.One(1, 2)
		if err == nil && result != 1 {
			err = fmt.Errorf("a wrong answer: %d", result)
		}
		return err
	}
	if asked.Bytes > 0 {
		call = func() error {
			result, err := echo.Back(text)
			if err == nil && len(result) != len(text) {
				err = fmt.Errorf("a wrong answer: %d bytes", len(result))
			}
			return err
		}
	}
	var begun atomic.Int64
	var callers sync.WaitGroup
	failures := make(chan error, asked.InFlight)
	cpu, start := cpuTime(), time.Now()
	for range asked.InFlight {
		callers.Go(func() {
			for begun.Add(1) <= asked.Calls {
				if err := call(); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	callers.Wait()
	took, used := time.Since(start), cpuTime()-cpu
	select {
	case err := <-failures:
		return figure{}, err
	default:
	}
	perCall := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 / float64(asked.Calls) }
	return figure{perCall(took), perCall(used)}, nil
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
