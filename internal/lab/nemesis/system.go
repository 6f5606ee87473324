package nemesis

import (
	"context"
	"crypto/rand"
	"encoding/base64"
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
	startTimeout = time.Minute
	stopTimeout  = time.Minute // a graceful stop waits for what is in delivery
)

// system is the system under test: everything that a run may break.
type system struct {
	o          Options
	offset     time.Duration // of the run's clock from the machine's
	vendors    *simulator.Server
	postgres   *testserver.Postgres // nil: SQLite inside the one process
	redis      redisServers         // nil: embedded
	partitions []*partition         // two, or one where everything is embedded
	processes  []*testserver.Process
	proxies    []*proxy.Proxy
	toVendors  *proxy.Proxy
	vendorKey  string    // signs calls to vendors, and their receipts
	apiKey     string    // of the callers
	builds     [2]string // of the program; a rolling restart changes to the other
	build      int       // the index of the one that was started last
}

// startSystem starts the system. On an error it stops what it has started.
func startSystem(ctx context.Context, o Options) (_ *system, err error) {
	s := &system{o: o, offset: world.Start(o.Duration).Sub(o.Now()), builds: [2]string{o.Program, o.Program}}
	if o.Other != "" {
		s.builds[1] = o.Other
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := s.startVendors(); err != nil {
		return nil, err
	}
	if err := s.writePolicy(); err != nil {
		return nil, err
	}
	if o.Servers {
		if err := s.startServers(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.addPartitions(); err != nil {
		return nil, err
	}
	if err := s.createKey(ctx); err != nil {
		return nil, err
	}
	for _, p := range s.processes {
		if err := p.Start(startTimeout); err != nil {
			return nil, err
		}
	}
	s.vendors.SetReceiptURL("http://" + s.partitions[0].toGateway.Addr() + "/v1/receipts")
	return s, s.resetVendors()
}

func (s *system) startVendors() (err error) {
	secret := make([]byte, 32)
	rand.Read(secret)
	s.vendorKey = "whsec_" + base64.StdEncoding.EncodeToString(secret)
	s.vendors, err = simulator.Start("", simulator.Options{Now: s.now, Seed: s.o.Seed, Secret: s.vendorKey})
	if err != nil {
		return err
	}
	address := strings.TrimSuffix(strings.TrimPrefix(s.vendors.URL(""), "http://"), "/")
	s.toVendors, err = s.proxyTo("tcp", address)
	return err
}

func (s *system) writePolicy() error {
	if err := os.MkdirAll(s.policyDir(), 0o700); err != nil {
		return touch.Errorf(touch.Unavailable, "dir", "no folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(s.policyDir(), "nemesis.yaml"), []byte(world.Policy), 0o600); err != nil {
		return touch.Errorf(touch.Unavailable, "dir", "the policy cannot be written: %w", err)
	}
	return nil
}

func (s *system) startServers(ctx context.Context) (err error) {
	s.postgres, err = testserver.StartPostgres(ctx, s.o.Dir, "shared_buffers=128MB", "max_connections=200")
	if err != nil {
		return err
	}
	if s.o.Cluster {
		s.redis, err = startRedisCluster(ctx, s.o.Dir)
	} else {
		s.redis, err = startRedisPair(ctx, s.o.Dir)
	}
	return err
}

// now is the run's clock.
func (s *system) now() time.Time { return s.o.Now().Add(s.offset) }

// proxyTo starts a proxy that heal and close know.
func (s *system) proxyTo(network, target string) (*proxy.Proxy, error) {
	p, err := proxy.Start(network, target, s.o.Seed+uint64(len(s.proxies)))
	if err == nil {
		s.proxies = append(s.proxies, p)
	}
	return p, err
}

// resetVendors ends the faults of all vendors.
func (s *system) resetVendors() error {
	for _, name := range vendorNames() {
		if err := s.vendors.SetBehaviour(name, normalBehaviour(name)); err != nil {
			return err
		}
	}
	return nil
}

// heal ends every fault of the network, the servers, the processes and the
// vendors, and starts what is down.
func (s *system) heal() error {
	for _, p := range s.proxies {
		if err := p.Heal(); err != nil {
			return err
		}
	}
	if s.postgres != nil {
		if err := s.postgres.Start(startTimeout); err != nil {
			return err
		}
		if err := s.redis.heal(context.Background()); err != nil {
			return err
		}
	}
	for _, p := range s.processes {
		p.Thaw()
		if err := s.setClock(p, 0); err != nil {
			return err
		}
		if err := p.FreeDisk(); err != nil {
			return err
		}
		if err := p.Start(startTimeout); err != nil {
			return err
		}
	}
	return s.resetVendors()
}

// close stops everything that was started.
func (s *system) close() {
	for _, p := range s.processes {
		p.Kill()
	}
	for _, p := range s.proxies {
		p.Close()
	}
	if s.redis != nil {
		s.redis.close()
	}
	if s.postgres != nil {
		s.postgres.Close()
	}
	if s.vendors != nil {
		s.vendors.Close()
	}
}
