package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"touchgate.dev/app"
	"touchgate.dev/internal/oracle"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

// workerInput is what a worker process of the demo reads from its standard input,
// because the vendors' keys must not be on its command line. The process stops
// at the end of the input, so it cannot outlive its demo.
type workerInput struct {
	Config    string        `json:"config"`
	Providers string        `json:"providers"`
	Offset    time.Duration `json:"offset"`
	Truth     string        `json:"truth"` // file for what our own channels received
}

// workerProcesses are the demo's children.
type workerProcesses struct {
	stops   []io.Closer
	running sync.WaitGroup
	mu      sync.Mutex
	failure error
}

// startWorkers starts f.workers processes of this program.
func startWorkers(ctx context.Context, f demoFlags, s *demoSystem) (*workerProcesses, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, touch.Errorf(touch.Internal, "workers", "cannot find the path of this program: %w", err)
	}
	w := &workerProcesses{}
	for n := range f.workers {
		cmd := exec.CommandContext(context.WithoutCancel(ctx), self, "demo", "worker")
		cmd.Env, cmd.Stderr = f.environ, f.stderr
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			err = json.NewEncoder(in).Encode(workerInput{f.config, s.vendors.config, s.offset, s.workerTruth(n)})
		}
		if err != nil {
			w.stop()
			return nil, touch.Errorf(touch.Unavailable, "workers", "cannot start a worker: %w", err)
		}
		w.stops = append(w.stops, in)
		w.running.Go(func() {
			if err := cmd.Wait(); err != nil {
				w.mu.Lock()
				w.failure = errors.Join(w.failure, err)
				w.mu.Unlock()
			}
		})
	}
	return w, nil
}

// stop stops the processes and waits for them.
func (w *workerProcesses) stop() error {
	for _, in := range w.stops {
		in.Close()
	}
	w.stops = nil
	w.running.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure != nil {
		return touch.Errorf(touch.Internal, "workers", "a worker process failed: %w", w.failure)
	}
	return nil
}

// demoWorkerCommand is a worker process of the demo.
func demoWorkerCommand(environ []string) *cobra.Command {
	return &cobra.Command{
		Use:    "worker",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			in := json.NewDecoder(cmd.InOrStdin())
			var order workerInput
			if err := in.Decode(&order); err != nil {
				return touch.Errorf(touch.Invalid, "", "demo worker is started by demo --workers")
			}
			ctx, cancel := context.WithCancel(cmd.Context())
			defer cancel()
			go func() {
				io.Copy(io.Discard, cmd.InOrStdin()) // until the demo ends
				cancel()
			}()
			return runDemoWorker(ctx, order, environ, cmd.ErrOrStderr())
		},
	}
}

func runDemoWorker(ctx context.Context, order workerInput, environ []string, stderr io.Writer) error {
	log, err := os.OpenFile(order.Truth, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return touch.Errorf(touch.Unavailable, "data", "cannot write the log: %w", err)
	}
	defer log.Close()
	now := func() time.Time { return time.Now().Add(order.Offset) }
	own, err := simulator.New(simulator.Options{Now: now, Log: log}) // only taps our own channels
	if err != nil {
		return err
	}
	defer own.Close()
	cfg, err := demoConfig(demoFlags{config: order.Config, environ: environ}, order.Providers)
	if err != nil {
		return err
	}
	cfg.Role = app.RoleWorker
	a, err := app.Build(ctx, cfg, app.Options{
		Now: now, WrapOwn: own.Record, Tuning: demoTuning(),
		Logger: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	return runAndClose(ctx, a)
}

// messages returns everything that vendors and our own channels received from
// all processes, earlier runs included.
func (s *demoSystem) messages() ([]oracle.Message, error) {
	all := s.vendors.Received().All()
	for n := 0; ; n++ {
		f, err := os.Open(s.workerTruth(n))
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, touch.Errorf(touch.Unavailable, "data", "cannot read a worker's log: %w", err)
		}
		worker, err := simulator.New(simulator.Options{Now: s.now})
		if err == nil {
			err = worker.Received().Load(f)
		}
		f.Close()
		if err != nil {
			return nil, err
		}
		all = append(all, worker.Received().All()...)
	}
	messages := make([]oracle.Message, 0, len(all))
	own := map[string]bool{}
	for _, t := range all {
		// Our own channels store items by id, so storing one again changes
		// nothing and is no second message.
		ours := t.Channel.IsFirstParty()
		repeated := t.Replay || (ours && own[t.Dispatch])
		own[t.Dispatch] = own[t.Dispatch] || ours
		if !repeated {
			messages = append(messages, oracle.Message{Dispatch: t.Dispatch, At: t.At, Resent: t.Resend})
		}
	}
	return messages, nil
}
