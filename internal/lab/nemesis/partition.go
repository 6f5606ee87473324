package nemesis

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"touchgate.dev/internal/lab/nemesis/proxy"
	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

// partition is one half of the system with network connections of its own. In a
// split brain one partition uses another Redis than the other partition.
type partition struct {
	name      string
	gateway   *testserver.Process
	worker    *testserver.Process // the gateway where everything is embedded, as is the feeder
	feeder    *testserver.Process
	toLedger  *proxy.Proxy // nil where everything is embedded
	toGateway *proxy.Proxy // from callers and vendors
}

// addPartitions configures the processes of all partitions. It does not start
// them.
func (s *system) addPartitions() error {
	names := []string{"left", "right"}
	if !s.o.Servers {
		names = names[:1]
	}
	for _, name := range names {
		p := &partition{name: name}
		s.partitions = append(s.partitions, p)
		base, err := s.baseConfig()
		if err != nil {
			return err
		}
		if !s.o.Servers {
			if p.gateway, err = s.addProcess(p, "gateway", base); err != nil {
				return err
			}
			p.worker = p.gateway
			p.feeder = p.gateway
			continue
		}

		if p.toLedger, err = s.proxyTo("unix", s.postgres.Socket); err != nil {
			return err
		}
		base["ledger"] = map[string]any{
			"driver": "postgres", "dsn": "postgres://touchgate@" + p.toLedger.Addr() + "/postgres?sslmode=disable",
		}
		if base["redis"], err = s.redis.config(s); err != nil {
			return err
		}
		if p.gateway, err = s.addProcess(p, "gateway", base); err != nil {
			return err
		}
		if p.worker, err = s.addProcess(p, "worker", base); err != nil {
			return err
		}
		if p.feeder, err = s.addProcess(p, "feeder", base); err != nil {
			return err
		}
	}
	return nil
}

// addProcess writes the configuration of a process, and a clock for it.
func (s *system) addProcess(p *partition, role string, base map[string]any) (*testserver.Process, error) {
	port, err := testserver.FreePort()
	if err != nil {
		return nil, err
	}
	listen := "127.0.0.1:" + port
	name := p.name + "-" + role
	base["role"] = role
	if !s.o.Servers {
		base["role"] = "all"
	}
	base["listen"] = listen
	base["metrics"] = listen
	if err := s.writeConfig(name, base); err != nil {
		return nil, err
	}
	if role == "gateway" {
		if p.toGateway, err = s.proxyTo("tcp", listen); err != nil {
			return nil, err
		}
	}
	process := &testserver.Process{
		Name:  name,
		Args:  []string{s.o.Program, "serve", "--config", s.configPath(name), "--clock", s.clockPath(name)},
		Env:   childEnv(),
		Dir:   s.o.Dir,
		Log:   filepath.Join(s.o.Dir, name+".log"),
		Ready: answersWell("http://" + listen + "/healthz"),
	}
	s.processes = append(s.processes, process)
	return process, s.setClock(process, 0)
}

// childEnv returns our environment without settings for Touchgate: they would
// override the configuration that the run writes.
func childEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "TOUCHGATE_") })
}

// answersWell returns a function that fails unless a GET of the URL answers 2xx.
func answersWell(url string) func() error {
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
