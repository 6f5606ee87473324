package channels

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/touch"
)

// Registry is the list of adapters that this binary can run: a value, filled
// in one place that a security reviewer can sign. It never changes after
// NewRegistry.
type Registry struct{ factories []adapter.Factory }

// NewRegistry lists factories. Two of one name panic.
func NewRegistry(factories ...adapter.Factory) Registry {
	r := Registry{factories: factories}
	for i, f := range factories {
		if slices.IndexFunc(factories, func(g adapter.Factory) bool { return g.Name == f.Name }) != i {
			panic("channels: two adapters are named " + f.Name)
		}
	}
	return r
}

// Factory finds one by name.
func (r Registry) Factory(name string) (adapter.Factory, bool) {
	for _, f := range r.factories {
		if f.Name == name {
			return f, true
		}
	}
	return adapter.Factory{}, false
}

// Names lists all factories in the order of registration.
func (r Registry) Names() []string {
	names := make([]string, len(r.factories))
	for i, f := range r.factories {
		names[i] = f.Name
	}
	return names
}

// Open checks the configuration of every provider, reporting all faults at
// once (class Invalid, joined), and builds the pool. It does no input or
// output, and it registers metrics only when nothing is wrong.
func (r Registry) Open(cfgs []ProviderConfig, ao adapter.Options, o Options) (*Pool, error) {
	ao.Now = o.withDefaults().Now
	var faults []error
	var providers []*Provider
	var parts []checkedProvider
	seen := map[string]bool{}
	for i, cfg := range cfgs {
		at := fmt.Sprintf("providers[%d]", i)
		if cfg.Name != "" && seen[cfg.Name] {
			faults = append(faults, touch.Errorf(touch.Invalid, at+".name", "another provider is named %q", cfg.Name))
		}
		seen[cfg.Name] = true
		p, errs := r.prepare(at, cfg, ao)
		faults = append(faults, errs...)
		parts = append(parts, p)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	for _, p := range parts {
		providers = append(providers, NewProvider(p.cfg, p.adapter, p.capabilities, o))
	}
	return NewPool(providers, o), nil
}

// checkedProvider is a provider that has been checked and not yet been guarded.
type checkedProvider struct {
	cfg          ProviderConfig
	adapter      adapter.Adapter
	capabilities adapter.Capabilities
}

func (r Registry) prepare(at string, cfg ProviderConfig, ao adapter.Options) (checkedProvider, []error) {
	faults := check(at, &cfg)
	f, ok := r.Factory(cfg.Adapter)
	if !ok {
		if cfg.Adapter != "" {
			faults = append(faults, touch.Errorf(touch.Invalid, at+".adapter", "there is no adapter %q: there are %s", cfg.Adapter, strings.Join(r.Names(), ", ")))
		}
		return checkedProvider{}, faults
	}
	switch {
	case cfg.Channel == "" && f.Channel == "":
		faults = append(faults, touch.Errorf(touch.Invalid, at+".channel", "the adapter %q serves any channel: say which", cfg.Adapter))
	case cfg.Channel == "":
		cfg.Channel = f.Channel
	case f.Channel != "" && f.Channel != cfg.Channel:
		faults = append(faults, touch.Errorf(touch.Invalid, at+".channel", "the adapter %q serves %s", cfg.Adapter, f.Channel))
	}
	own := f.Config()
	if errs := decode(at+".config", &cfg.Config, own); len(errs) > 0 {
		return checkedProvider{}, append(faults, errs...)
	}
	a, err := f.New(own, ao)
	if err != nil {
		return checkedProvider{}, append(faults, prefixError(at+".config", err))
	}
	return checkedProvider{cfg: cfg, adapter: a, capabilities: f.Capabilities(own)}, faults
}

// prefixError puts an adapter's own complaint below the place of its configuration.
func prefixError(at string, err error) error {
	var e *touch.Error
	if !errors.As(err, &e) {
		return &touch.Error{Class: touch.Invalid, Field: at, Message: err.Error(), Cause: err}
	}
	if e.Field != "" {
		at += "." + e.Field
	}
	return &touch.Error{Class: e.Class, Field: at, Message: e.Message, Cause: e.Cause}
}
