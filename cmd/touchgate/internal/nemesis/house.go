package nemesis

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v3"

	"touchgate.dev/channels/simulator"
	"touchgate.dev/cmd/touchgate/internal/nemesis/process"
	"touchgate.dev/cmd/touchgate/internal/nemesis/proxy"
	"touchgate.dev/cmd/touchgate/internal/nemesis/world"
	"touchgate.dev/touch"
)

const (
	startWithin   = 60 * time.Second
	vendorTimeout = 3 * time.Second
)

// house is everything that a run may break.
type house struct {
	o        Options
	offset   time.Duration
	vendors  *simulator.Server
	postgres *process.Postgres // nil: SQLite inside the one process
	redis    [2]*process.Redis // a master and its copy, in this or that order; nil: embedded
	master   int               // which of them leads
	sides    []*side           // two, or one where all is embedded
	procs    []*process.Process
	proxies  []*proxy.Proxy
	toVendor *proxy.Proxy
	key      string // of the API
}

// side is one half of the house, with its own network: a split brain goes
// right through the middle.
type side struct {
	name     string
	gateway  *process.Process
	worker   *process.Process // the same process where all is embedded
	feeder   *process.Process
	toRedis  *proxy.Proxy
	toLedger *proxy.Proxy
	toUs     *proxy.Proxy // callers reach the gateway through it
}

// build starts the house. On an error what has been started is stopped again.
func build(ctx context.Context, o Options) (_ *house, err error) {
	h := &house{o: o, offset: world.Start(o.Duration).Sub(o.now())}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	secret := make([]byte, 32)
	rand.Read(secret)
	vendorKey := "whsec_" + base64.StdEncoding.EncodeToString(secret)
	h.vendors, err = simulator.Start("", simulator.Options{Now: h.now, Seed: o.Seed, Secret: vendorKey})
	if err != nil {
		return nil, err
	}
	if h.toVendor, err = h.proxyTo("tcp", strings.TrimSuffix(strings.TrimPrefix(h.vendors.URL(""), "http://"), "/")); err != nil {
		return nil, err
	}
	policies := filepath.Join(o.Dir, "policies")
	if err := os.MkdirAll(policies, 0o700); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "dir", "no folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(policies, "nemesis.yaml"), []byte(world.Policy), 0o600); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "dir", "the policy cannot be written: %w", err)
	}
	if o.Servers {
		if err := h.startServers(ctx); err != nil {
			return nil, err
		}
	}
	if err := h.furnish(ctx, vendorKey, policies); err != nil {
		return nil, err
	}
	for _, p := range h.procs {
		if err := p.Start(startWithin); err != nil {
			return nil, err
		}
	}
	h.vendors.SetReceiptURL("http://" + h.sides[0].toUs.Addr() + "/v1/receipts")
	return h, h.settle()
}

func (h *house) now() time.Time { return h.o.now().Add(h.offset) }

func (h *house) proxyTo(network, target string) (*proxy.Proxy, error) {
	p, err := proxy.Start(network, target, h.o.Seed+uint64(len(h.proxies)))
	if err == nil {
		h.proxies = append(h.proxies, p)
	}
	return p, err
}

func (h *house) startServers(ctx context.Context) error {
	var err error
	if h.postgres, err = process.StartPostgres(ctx, h.o.Dir); err != nil {
		return err
	}
	for i := range h.redis {
		port, err := freePort()
		if err != nil {
			return err
		}
		if h.redis[i], err = process.StartRedis(h.o.Dir, fmt.Sprintf("redis-%d", i), "--bind", "127.0.0.1", "--port", port); err != nil {
			return err
		}
		h.redis[i].Port = port
	}
	if err := h.redis[1].Follow(ctx, "127.0.0.1", h.redis[0].Port); err != nil {
		return touch.Errorf(touch.Unavailable, "", "the copy does not follow: %w", err)
	}
	return h.redis[1].InSync(ctx, startWithin)
}

// furnish writes a configuration for each process, and makes the API key.
func (h *house) furnish(ctx context.Context, vendorKey, policies string) error {
	names := []string{"left", "right"}
	if !h.o.Servers {
		names = names[:1]
	}
	for _, name := range names {
		s := &side{name: name}
		h.sides = append(h.sides, s)
		base := h.config(vendorKey, policies)
		if h.o.Servers {
			var err error
			if s.toRedis, err = h.proxyTo("unix", h.redis[0].Socket); err != nil {
				return err
			}
			if s.toLedger, err = h.proxyTo("unix", h.postgres.Socket); err != nil {
				return err
			}
			base["ledger"] = map[string]any{"driver": "postgres", "dsn": "postgres://touchgate@" + s.toLedger.Addr() + "/postgres?sslmode=disable"}
			base["redis"] = map[string]any{"mode": "single", "addresses": []string{s.toRedis.Addr()}}
		}
		if err := h.people(s, base); err != nil {
			return err
		}
	}
	create := exec.CommandContext(ctx, h.o.Self, "key", "create", "nemesis", "--scopes", "submit,read,customers,admin",
		"--config", h.configPath("left-gateway"))
	create.Env = childEnv()
	out, err := create.Output()
	if err != nil {
		return touch.Errorf(touch.Unavailable, "", "no API key could be made: %w", err)
	}
	h.key = strings.TrimSpace(string(out))
	return nil
}

// childEnv is our environment without settings of Touchgate's own, which would
// bind beside the configuration written here.
func childEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "TOUCHGATE_") })
}

// people makes the processes of one side.
func (h *house) people(s *side, base map[string]any) error {
	roles := []string{"gateway", "worker", "feeder"}
	if !h.o.Servers {
		roles = []string{"gateway"} // which is everything
	}
	for _, role := range roles {
		port, err := freePort()
		if err != nil {
			return err
		}
		listen := "127.0.0.1:" + port
		name := s.name + "-" + role
		base["role"], base["listen"], base["metrics"] = role, listen, listen
		if !h.o.Servers {
			base["role"] = "all"
		}
		text, err := yaml.Marshal(base)
		if err == nil {
			err = os.WriteFile(h.configPath(name), text, 0o600)
		}
		if err != nil {
			return touch.Errorf(touch.Unavailable, "dir", "a configuration cannot be written: %w", err)
		}
		p := &process.Process{
			Name: name, Args: []string{h.o.Self, "serve", "--config", h.configPath(name)}, Env: childEnv(),
			Dir: h.o.Dir, Log: filepath.Join(h.o.Dir, name+".log"), Ready: answers("http://" + listen + "/healthz"),
		}
		h.procs = append(h.procs, p)
		switch role {
		case "gateway":
			s.gateway = p
			if s.toUs, err = h.proxyTo("tcp", listen); err != nil {
				return err
			}
		case "worker":
			s.worker = p
		case "feeder":
			s.feeder = p
		}
	}
	if !h.o.Servers {
		s.worker, s.feeder = s.gateway, s.gateway
	}
	return nil
}

func (h *house) configPath(name string) string { return filepath.Join(h.o.Dir, name+".yaml") }

// config is what all processes share.
func (h *house) config(vendorKey, policies string) map[string]any {
	vendor := func(name, adapter string, more map[string]any) map[string]any {
		own := map[string]any{"url": "http://" + h.toVendor.Addr() + "/" + name, "secret": vendorKey}
		v := map[string]any{
			"name": name, "adapter": adapter, "weight": 1, "timeout": vendorTimeout.String(), "config": own,
			"breaker": map[string]any{"window": "5s", "open": "1s"},
		}
		for k, val := range more {
			if k == "channel" {
				v[k] = val
				continue
			}
			own[k] = val
		}
		return v
	}
	return map[string]any{
		"data": filepath.Join(h.o.Dir, "data"), "clock_offset": h.offset.String(),
		"policies": map[string]any{"dir": policies}, "log": map[string]any{"level": "warn"},
		"providers": []any{
			vendor("sms", "sms/http", nil),
			// The one that treats no id as one message and cannot be asked.
			vendor("push", "remote", map[string]any{"channel": "push", "idempotency_window": "0s", "query": false}),
			vendor("inbox", "remote", map[string]any{"channel": "inbox", "by_customer": true, "max_batch": 50}),
			vendor("dialler", "ai_call/http", nil),
		},
	}
}

// settle gives the vendors their ordinary manners.
func (h *house) settle() error {
	for _, name := range vendorNames() {
		if err := h.vendors.Behave(name, manners(name)); err != nil {
			return err
		}
	}
	return nil
}

// heal ends every fault of network and processes, and starts what is down.
func (h *house) heal() error {
	for _, p := range h.proxies {
		if err := p.Heal(); err != nil {
			return err
		}
	}
	if h.postgres != nil {
		if err := h.postgres.Start(startWithin); err != nil {
			return err
		}
		for _, r := range h.redis {
			if err := r.Start(startWithin); err != nil {
				return err
			}
		}
	}
	for _, p := range h.procs {
		p.Thaw()
		if err := p.Start(startWithin); err != nil {
			return err
		}
	}
	return h.settle()
}

// close stops everything that was started.
func (h *house) close() {
	for _, p := range h.procs {
		p.Kill()
	}
	for _, p := range h.proxies {
		p.Close()
	}
	for _, r := range h.redis {
		if r != nil {
			r.Close()
		}
	}
	if h.postgres != nil {
		h.postgres.Close()
	}
	if h.vendors != nil {
		h.vendors.Close()
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", touch.Errorf(touch.Unavailable, "", "no free port: %w", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// answers asks whether a URL answers well.
func answers(url string) func() error {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return func() error {
		resp, err := client.Get(url)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			return touch.Errorf(touch.Unavailable, "", "answers %d", resp.StatusCode)
		}
		return nil
	}
}
