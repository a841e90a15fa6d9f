package main

import (
	"context"
	"net/rpc"

	"bulkhead.bench/go-plugin/echo"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// Echo is what the plugin does, whichever way it is called.
type Echo interface {
	One(a, b int64) (int64, error)
	Back(text string) (string, error)
}

var handshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BENCH_PLUGIN", MagicCookieValue: "echo"}

type answers struct{}

func (answers) One(_, _ int64) (int64, error)    { return 1, nil }
func (answers) Back(text string) (string, error) { return text, nil }

// gRPC

type overGRPC struct {
	plugin.NetRPCUnsupportedPlugin
}

func (overGRPC) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	echo.RegisterEchoServer(server, grpcServer{})
	return nil
}

func (overGRPC) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, connection *grpc.ClientConn) (any, error) {
	return grpcClient{echo.NewEchoClient(connection)}, nil
}

type grpcServer struct {
	echo.UnimplementedEchoServer
}

func (grpcServer) One(_ context.Context, pair *echo.Pair) (*echo.Number, error) {
	value, err := answers{}.One(pair.A, pair.B)
	return &echo.Number{Value: value}, err
}

func (grpcServer) Back(_ context.Context, text *echo.Text) (*echo.Text, error) {
	back, err := answers{}.Back(text.Text)
	return &echo.Text{Text: back}, err
}

type grpcClient struct {
	client echo.EchoClient
}

func (c grpcClient) One(a, b int64) (int64, error) {
	number, err := c.client.One(context.Background(), &echo.Pair{A: a, B: b})
	return number.GetValue(), err
}

func (c grpcClient) Back(text string) (string, error) {
	back, err := c.client.Back(context.Background(), &echo.Text{Text: text})
	return back.GetText(), err
}

// net/rpc

type overNetRPC struct{}

func (overNetRPC) Server(*plugin.MuxBroker) (any, error) { return &netRPCServer{}, nil }

func (overNetRPC) Client(_ *plugin.MuxBroker, client *rpc.Client) (any, error) {
	return netRPCClient{client}, nil
}

// Pair is exported for gob, like the methods below for net/rpc.
type Pair struct{ A, B int64 }

type netRPCServer struct{}

func (*netRPCServer) One(pair Pair, result *int64) (err error) {
	*result, err = answers{}.One(pair.A, pair.B)
	return err
}

func (*netRPCServer) Back(text string, result *string) (err error) {
	*result, err = answers{}.Back(text)
	return err
}

type netRPCClient struct {
	client *rpc.Client
}

// go-plugin registers what the plugin offers under this name.
const service = "Plugin."

func (c netRPCClient) One(a, b int64) (int64, error) {
	var result int64
	err := c.client.Call(service+"One", Pair{a, b}, &result)
	return result, err
}

func (c netRPCClient) Back(text string) (string, error) {
	var result string
	err := c.client.Call(service+"Back", text, &result)
	return result, err
}
