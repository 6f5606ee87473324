package nemesis

import (
	"context"
	"encoding/binary"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v3"

	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

// furnish writes a configuration for each process, and makes the API key.
func (h *house) furnish(ctx context.Context, vendorKey, policies string) error {
	names := []string{"left", "right"}
	if !h.o.Servers {
		names = names[:1]
	}
	for i, name := range names {
		s := &side{name: name}
		h.sides = append(h.sides, s)
		base, err := h.config(vendorKey, policies)
		if err != nil {
			return err
		}
		if h.o.Servers {
			if s.toLedger, err = h.proxyTo("unix", h.postgres.Socket); err != nil {
				return err
			}
			base["ledger"] = map[string]any{"driver": "postgres", "dsn": "postgres://touchgate@" + s.toLedger.Addr() + "/postgres?sslmode=disable"}
			if base["redis"], err = h.redis.config(h, i); err != nil {
				return err
			}
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
		port, err := testserver.FreePort()
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
		p := &testserver.Process{
			Name: name, Args: []string{h.o.Self, "serve", "--config", h.configPath(name), "--clock", h.clockPath(name)}, Env: childEnv(),
			Dir: h.o.Dir, Log: filepath.Join(h.o.Dir, name+".log"), Ready: answers("http://" + listen + "/healthz"),
		}
		if err := h.setClock(p, 0); err != nil {
			return err
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

func (h *house) clockPath(name string) string { return filepath.Join(h.o.Dir, name+".clock") }

// setClock sets a process's clock apart from the run's.
func (h *house) setClock(p *testserver.Process, apart time.Duration) error {
	f, err := os.OpenFile(h.clockPath(p.Name), os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(h.offset+apart)), 0)
		f.Close()
	}
	if err != nil {
		return touch.Errorf(touch.Unavailable, "dir", "a clock cannot be set: %w", err)
	}
	return nil
}

// config is what all processes share: a provider or two for each channel.
func (h *house) config(vendorKey, policies string) (map[string]any, error) {
	url := "http://" + h.toVendor.Addr() + "/"
	account, err := h.o.Account(url + "fcm/token")
	if err != nil {
		return nil, err
	}
	speaks := func(name string, more map[string]any) map[string]any {
		own := map[string]any{"url": url + name, "secret": vendorKey}
		maps.Copy(own, more)
		return own
	}
	vendor := func(name, adapter string, own map[string]any) map[string]any {
		return map[string]any{
			"name": name, "adapter": adapter, "weight": 1, "timeout": vendorTimeout.String(), "config": own,
			"breaker": map[string]any{"window": "5s", "open": "1s"},
		}
	}
	remote := func(name, channel string, more map[string]any) map[string]any {
		v := vendor(name, "remote", speaks(name, more))
		v["channel"] = channel
		return v
	}
	return map[string]any{
		"data": h.dataDir(), "policies": map[string]any{"dir": policies}, "log": map[string]any{"level": "warn"},
		"providers": []any{
			vendor("sms", "sms/http", speaks("sms", nil)),
			vendor("fcm", "push/fcm", map[string]any{"url": url + "fcm", "credentials": account, "receipt_secret": vendorKey}),
			// The one that treats no id as one message and cannot be asked.
			remote("push", "push", map[string]any{"idempotency_window": "0s", "query": false}),
			remote("mail", "inbox", map[string]any{"by_customer": true, "max_batch": 50}),
			vendor("dialler", "ai_call/http", speaks("dialler", nil)),
			map[string]any{"name": "inbox", "adapter": "inbox", "weight": 1},
			map[string]any{"name": "popup", "adapter": "popup", "weight": 1},
			map[string]any{"name": "desk", "adapter": "rm_task", "weight": 1},
		},
	}, nil
}

// dataDir is where a house of one process keeps what it has.
func (h *house) dataDir() string { return filepath.Join(h.o.Dir, "data") }

// ledgerFile is its ledger.
func (h *house) ledgerFile() string { return filepath.Join(h.dataDir(), "touchgate.db") }
