package plugin

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// activation is what the supervisor said of this process.
type activation struct {
	name, dataDir string
	generation    int64
	services      []string
}

func (s *session) initialize(raw json.RawMessage) (json.RawMessage, error) {
	var params struct {
		Protocol struct {
			Min int64 `json:"min"`
			Max int64 `json:"max"`
		} `json:"protocol"`
		Plugin     string   `json:"plugin,omitempty"`
		Generation int64    `json:"generation,omitempty"`
		Services   []string `json:"services,omitempty"`
		Limits     struct {
			FrameBytes int64 `json:"frameBytes,omitempty"`
			InFlight   int   `json:"inFlight,omitempty"`
		} `json:"limits,omitempty"`
	}
	if err := read(raw, &params); err != nil {
		return nil, err
	}
	if params.Protocol.Min > protocol || params.Protocol.Max < protocol {
		return nil, incompatible(params.Protocol.Min, params.Protocol.Max)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != phaseNew {
		return nil, invalidRequest("initialize comes once")
	}
	result, err := encode(s.plugin.describe())
	if err != nil {
		return nil, err
	}
	s.phase = phaseDescribed
	s.known = activation{name: params.Plugin, generation: params.Generation, services: params.Services}
	if params.Limits.FrameBytes > 0 {
		s.frameBytes.Store(params.Limits.FrameBytes)
	}
	if params.Limits.InFlight > 0 {
		s.most = params.Limits.InFlight
	}
	return result, nil
}

// agreed is the version of an api that was chosen.
type agreed struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func (s *session) activate(m message) error {
	var params struct {
		APIs    []agreed        `json:"apis,omitempty"`
		Config  json.RawMessage `json:"config,omitempty"`
		DataDir string          `json:"dataDir,omitempty"`
	}
	if err := read(m.params, &params); err != nil {
		return err
	}
	s.mu.Lock()
	if s.phase != phaseDescribed {
		s.mu.Unlock()
		return invalidRequest("activate comes once, after initialize")
	}
	s.phase = phaseActivating
	s.known.dataDir = params.DataDir
	s.routes = routes(s.plugin.apis, params.APIs)
	s.mu.Unlock()
	return s.start(m, func(call *Call) (any, error) {
		if config := s.plugin.config; config != nil {
			if err := config.take(call, params.Config, false); err != nil {
				return nil, err
			}
		}
		if hook := s.plugin.onActivate; hook != nil {
			if err := hook(call); err != nil {
				return nil, err
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.phase == phaseActivating {
			s.phase = phaseReady
		}
		return struct{}{}, nil
	})
}

func (s *session) configure(m message) error {
	if !s.plugin.configurable {
		return methodNotFound(m.method)
	}
	var params struct {
		Config json.RawMessage `json:"config"`
	}
	if err := read(m.params, &params); err != nil {
		return err
	}
	if err := s.mustBeReady(m.method); err != nil {
		return err
	}
	return s.start(m, func(call *Call) (any, error) {
		s.configuring.Lock()
		defer s.configuring.Unlock()
		return struct{}{}, s.plugin.config.take(call, params.Config, true)
	})
}

// routes says which handler a wire name means. Of an api in several versions it is the agreed one; without an agreement
// the one that was offered last.
func routes(apis []*API, agreed []agreed) map[string]*operation {
	chosen := map[string]*API{}
	for _, api := range apis {
		wanted := true
		for _, each := range agreed {
			if each.Name == api.name {
				wanted = each.Version == api.version
				break
			}
		}
		if wanted {
			chosen[api.name] = api
		}
	}
	routes := map[string]*operation{}
	for name, api := range chosen {
		for _, each := range append(slices.Clone(api.methods), api.events...) {
			routes[name+"."+each.Name] = each
		}
	}
	return routes
}

// read takes the params of the protocol's own messages.
func read(raw json.RawMessage, into any) error {
	if wrong := decode(orEmpty(raw), reflect.ValueOf(into).Elem()); wrong != nil {
		return misplaced(codeInvalidParams, "invalid_params", wrong.path, wrong.Error())
	}
	return nil
}

func (s *session) granted(service string) bool {
	return slices.Contains(s.activation().services, service)
}

func (s *session) activation() activation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known
}

func incompatible(least, most int64) *Error {
	side := "the host"
	if least > protocol {
		side = "the plugin"
	}
	return &Error{
		Code:    codeIncompatibleProtocol,
		Message: fmt.Sprintf("the plugin speaks protocol %d, the host %d to %d: upgrade %s", protocol, least, most, side),
		Data:    map[string]any{"code": "incompatible_protocol", "min": protocol, "max": protocol},
	}
}
