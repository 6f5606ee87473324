package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"touchgate.dev/app"
	"touchgate.dev/examples"
	"touchgate.dev/internal/demodata"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
	"touchgate.dev/workers"
)

// demoSystem is what a demo runs on: the app, simulated vendors and, with
// --workers, worker processes.
type demoSystem struct {
	app      *app.App
	vendors  *simulatedVendors
	truthLog *os.File
	policies fs.FS
	offset   time.Duration
	workers  *workerProcesses
	data     string
	earlier  int // messages that earlier runs sent
}

// buildDemoSystem starts the vendors and builds the app. Both work with the
// demo's own clock. What was started is stopped again on an error.
func buildDemoSystem(ctx context.Context, f demoFlags, faulty bool) (_ *demoSystem, err error) {
	s := &demoSystem{policies: examples.Policies(), data: f.data}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := os.MkdirAll(f.data, 0o700); err != nil {
		return nil, touch.Errorf(touch.Unavailable, "data", "cannot make the folder: %w", err)
	}
	if f.policies != "" {
		if info, err := os.Stat(f.policies); err != nil || !info.IsDir() {
			return nil, usageError("--policies %s is not a folder", f.policies)
		}
		s.policies = os.DirFS(f.policies)
	}
	if s.offset, err = loadClock(filepath.Join(f.data, "clock")); err != nil {
		return nil, err
	}
	if err := s.startVendors(faulty); err != nil {
		return nil, err
	}
	cfg, err := demoConfig(f, s.vendors.config)
	if err != nil {
		return nil, err
	}
	if f.workers > 0 {
		cfg.Role = app.RoleFront
	}
	s.app, err = app.Build(ctx, cfg, app.Options{
		Now: s.now, DevKey: devKey, WrapOwn: s.vendors.Record, Policies: s.policies, Tuning: demoTuning(),
		Logger: slog.New(slog.NewTextHandler(f.stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return nil, err
	}
	s.vendors.SetReceiptURL(s.app.URL() + "/v1/receipts")
	if f.workers > 0 {
		s.workers, err = startWorkers(ctx, f, s)
	}
	return s, err
}

func (s *demoSystem) now() time.Time { return time.Now().Add(s.offset) }

// loadClock returns how far the demo's clock is ahead of the machine's. The
// clock starts at a fixed instant. A second demo in the same folder goes on by
// the clock of the first.
func loadClock(path string) (time.Duration, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		offset := time.Until(demodata.Start).Round(0)
		if err := os.WriteFile(path, []byte(offset.String()), 0o600); err != nil {
			return 0, touch.Errorf(touch.Unavailable, "data", "cannot write the clock: %w", err)
		}
		return offset, nil
	}
	if err != nil {
		return 0, touch.Errorf(touch.Unavailable, "data", "cannot read the clock: %w", err)
	}
	offset, err := time.ParseDuration(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, touch.Errorf(touch.Invalid, "data", "%s is not a demo's clock", path)
	}
	return offset, nil
}

// startVendors starts the simulated vendors. They know the messages that earlier
// runs in the same folder sent.
func (s *demoSystem) startVendors(faulty bool) (err error) {
	path := filepath.Join(s.data, "truth.ndjson")
	if s.truthLog, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return touch.Errorf(touch.Unavailable, "data", "cannot write the vendors' log: %w", err)
	}
	if s.vendors, err = startSimulatedVendors("", simulator.Options{Now: s.now, Seed: 1, Log: s.truthLog}); err != nil {
		return err
	}
	if err := s.loadTruth(path); err != nil {
		return err
	}
	before, err := s.messages()
	if err != nil {
		return err
	}
	s.earlier = len(before)
	if !faulty {
		return nil
	}
	for name, b := range demoBehaviours() {
		if err := s.vendors.SetBehaviour(name, b); err != nil {
			return err
		}
	}
	return nil
}

func (s *demoSystem) loadTruth(path string) error {
	earlier, err := os.Open(path)
	if err != nil {
		return touch.Errorf(touch.Unavailable, "data", "cannot read the vendors' log: %w", err)
	}
	defer earlier.Close()
	return s.vendors.Received().Load(earlier)
}

// demoBehaviours returns how each vendor misbehaves. The first one for text messages
// is down for five seconds, and loses an answer or throttles now and then. All
// vendors lose, repeat and delay receipts, as real ones do.
func demoBehaviours() map[string]simulator.Behaviour {
	ms := func(n int) touch.Duration { return touch.Duration(time.Duration(n) * time.Millisecond) }
	receipts := simulator.Receipts{
		Delay: simulator.Latency{Min: ms(20), Max: ms(400)},
		Lost:  0.03, Duplicated: 0.10, Early: 0.05, Failed: 0.03, Late: 0.05, LateBy: ms(2500),
	}
	push := receipts
	push.Lost = 0.25 // phones that are off: the touch falls back
	latency := simulator.Latency{Min: ms(2), Max: ms(15)}
	return map[string]simulator.Behaviour{
		"sms-a": {Latency: latency, Receipts: receipts, Faults: []simulator.Fault{
			{Kind: simulator.ServerError, Status: 503, For: ms(5000)},
			{Kind: simulator.AcceptReset, Share: 0.01},
			{Kind: simulator.Throttle, Share: 0.02, RetryAfter: ms(1000)},
		}},
		"sms-b": {Latency: latency, Receipts: receipts},
		"fcm":   {Latency: latency, Receipts: push},
		"dialler": {Latency: latency, Receipts: receipts, Calls: map[string]float64{
			"answered": 50, "conversation": 15, "refused": 8, "opt_out": 2, "no_answer": 20, "busy": 5,
		}},
	}
}

// demoTuning retries and resolves unknown outcomes sooner than a bank would, so
// that a demo ends within a minute.
func demoTuning() workers.Tuning {
	return workers.Tuning{
		ResolveBase: 300 * time.Millisecond,
		RetryBase:   300 * time.Millisecond,
		RetryMax:    10 * time.Second,
	}
}

// demoConfig returns the configuration of the demo's processes.
func demoConfig(f demoFlags, providers string) (*app.Config, error) {
	environ := f.environ
	if f.config == "" {
		// An embedded demo is the same everywhere: it ignores the user's environment.
		environ = []string{"TOUCHGATE_DATA=" + f.data}
	}
	cfg, err := app.LoadConfig(f.config, environ, app.Adapters(nil, nil))
	if err != nil {
		return nil, err
	}
	cfg.Role = app.RoleAll
	cfg.Listen = "127.0.0.1:0"
	cfg.Metrics = ""
	cfg.PublicURL = ""
	cfg.Policies.Dir = ""
	cfg.Providers, err = readProviders(providers)
	return cfg, err
}

// runWhile runs the app until work has returned. If the app ends first, the
// context of work ends, and the app's error is returned.
func (s *demoSystem) runWhile(
	ctx context.Context,
	work func(context.Context) (*demoResult, error),
) (*demoResult, error) {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ended := make(chan error, 1)
	go func() {
		err := s.app.Run(running)
		stop(err)
		ended <- err
	}()
	result, err := work(running)
	if cause := context.Cause(running); err != nil && cause != nil {
		err = cause // the app ended first
	}
	stop(nil)
	if e := <-ended; err == nil {
		err = e
	}
	return result, err
}

func (s *demoSystem) close() {
	if s.workers != nil {
		s.workers.stop()
	}
	if s.app != nil {
		s.app.Close()
	}
	if s.vendors != nil {
		s.vendors.Close()
	}
	if s.truthLog != nil {
		s.truthLog.Close()
	}
}

// workerTruth returns the path of the file in which worker process n logs what
// it sent by our own channels.
func (s *demoSystem) workerTruth(n int) string {
	return filepath.Join(s.data, "truth-worker-"+strconv.Itoa(n)+".ndjson")
}
