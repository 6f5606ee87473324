package nemesis

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"touchgate.dev/internal/lab/nemesis/proxy"
	"touchgate.dev/internal/lab/nemesis/world"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

const (
	startWithin   = 60 * time.Second
	stopWithin    = time.Minute // a graceful stop waits for what is in delivery
	vendorTimeout = 3 * time.Second
)

// house is everything that a run may break.
type house struct {
	o        Options
	offset   time.Duration
	vendors  *simulator.Server
	postgres *testserver.Postgres // nil: SQLite inside the one process
	redis    redisServers         // nil: embedded
	sides    []*side              // two, or one where all is embedded
	procs    []*testserver.Process
	proxies  []*proxy.Proxy
	toVendor *proxy.Proxy
	key      string    // of the API
	builds   [2]string // of the program, between which a rolling restart changes
	build    int       // which of them was started last
}

// side is one half of the house, with its own network: a split brain goes
// right through the middle.
type side struct {
	name     string
	gateway  *testserver.Process
	worker   *testserver.Process // the same process where all is embedded
	feeder   *testserver.Process
	toLedger *proxy.Proxy
	toUs     *proxy.Proxy // callers reach the gateway through it
}

// build starts the house. On an error what has been started is stopped again.
func build(ctx context.Context, o Options) (_ *house, err error) {
	h := &house{o: o, offset: world.Start(o.Duration).Sub(o.now()), builds: [2]string{o.Self, o.Self}}
	if o.Other != "" {
		h.builds[1] = o.Other
	}
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
	if h.postgres, err = testserver.StartPostgres(ctx, h.o.Dir, "shared_buffers=128MB", "max_connections=200"); err != nil {
		return err
	}
	if h.o.Cluster {
		h.redis, err = startCluster(ctx, h.o.Dir)
	} else {
		h.redis, err = startPair(ctx, h.o.Dir)
	}
	return err
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
		if err := h.redis.heal(context.Background()); err != nil {
			return err
		}
	}
	for _, p := range h.procs {
		p.Thaw()
		if err := h.setClock(p, 0); err != nil {
			return err
		}
		if err := p.FreeDisk(); err != nil {
			return err
		}
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
	if h.redis != nil {
		h.redis.close()
	}
	if h.postgres != nil {
		h.postgres.Close()
	}
	if h.vendors != nil {
		h.vendors.Close()
	}
}

// answers asks whether a URL answers well.
func answers(url string) func() error {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return func() error {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
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
