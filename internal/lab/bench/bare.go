package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"touchgate.dev/channels/contract"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
	"touchgate.dev/workers/queue"
)

// Limits are what this machine does without us, in the same run: calls of a
// bare HTTP client to the same vendor, Asynq tasks that do nothing, empty
// scripts in Redis, rows into PostgreSQL by COPY; each a second.
type Limits struct {
	Client  float64 `json:"bare_client_per_second"`
	Tasks   float64 `json:"noop_tasks_per_second"`
	Scripts float64 `json:"empty_scripts_per_second"`
	Copy    float64 `json:"copied_rows_per_second,omitempty"` // 0: PostgreSQL was not asked for
}

// limits measures them all, in an environment of their own.
func limits(ctx context.Context, o Options) (l Limits, err error) {
	e, err := open(ctx, mode{}, "", o)
	if err != nil {
		return l, err
	}
	defer e.close()
	if l.Client, err = e.bareClient(ctx); err != nil {
		return l, err
	}
	if l.Tasks, err = e.bareTasks(ctx); err != nil {
		return l, err
	}
	if l.Scripts, err = e.bareScript(ctx); err != nil {
		return l, err
	}
	if slices.Contains(o.Ledgers, "postgres") {
		if err = e.openPostgres(ctx); err != nil {
			return l, err
		}
		l.Copy, err = e.bareCopy(ctx)
	}
	return l, err
}

// share is the mode's speed as a part of the limit that it works against.
func (l Limits) share(f *Figures) (name string, part float64) {
	limit := 0.0
	switch f.Mode {
	case "single":
		name, limit = "no-op tasks", l.Tasks
	case "ingest":
		name, limit = "COPY", l.Copy
	case "caps":
		name, limit = "empty scripts, two a contact", l.Scripts/2
	case "batch-vendor": // bulk is held against a bare client measured beside each round
		name, limit = "a bare client", l.Client
	}
	if limit == 0 {
		return "", 0
	}
	return name, f.PerSecond / limit
}

// bareFor is how long each limit is measured.
const bareFor = 2 * time.Second

// bareClient is how many calls a second Go's HTTP client makes to the vendor
// with the same message, by as many callers as the house has, and nothing else.
func (e *env) bareClient(ctx context.Context) (perSecond float64, err error) {
	const callers = vendorCalls
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost, t.DisableCompression = callers, callers, true
	defer t.CloseIdleConnections()
	client := &http.Client{Transport: t}
	message, err := json.Marshal(contract.Message{
		ID: touch.DispatchID(touch.NewID("bare", "0"), 0), To: "+4915100000001",
		Text: "Your bank: up to 50000 for a new car, at a rate that is yours alone. Reply STOP to opt out.",
	})
	if err != nil {
		return 0, err
	}
	defer e.sink.truth() // forgets what this brought
	return during(ctx, callers, func(ctx context.Context) (int, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.sink.url()+"/messages", bytes.NewReader(message))
		if err != nil {
			return 0, err
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return 1, err
	})
}

// during repeats do by so many callers for a while, and gives how much was
// done per second.
func during(ctx context.Context, callers int, do func(ctx context.Context) (int, error)) (float64, error) {
	var done atomic.Int64
	start := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for range callers {
		group.Go(func() error {
			for time.Since(start) < bareFor {
				n, err := do(ctx)
				if err != nil {
					return err
				}
				done.Add(int64(n))
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(done.Load()) / time.Since(start).Seconds(), err
}

// bareTasks is how many tasks a second Asynq runs that do nothing, while they
// are being queued.
func (e *env) bareTasks(ctx context.Context) (float64, error) {
	const n = 30_000
	l := queue.New(queue.Options{Redis: e.rdb, Logger: slog.New(slog.DiscardHandler)})
	run, stop := context.WithCancel(ctx)
	defer stop()
	var done atomic.Int64
	all := make(chan struct{})
	group, run := errgroup.WithContext(run)
	group.Go(func() error {
		return l.Run(run, []queue.Lane{{Name: "bench", Concurrency: 64, Servers: 4, PollInterval: 5 * time.Millisecond}},
			func(context.Context, ledger.SegmentRef) error {
				if done.Add(1) == n {
					close(all)
				}
				return nil
			})
	})
	start := time.Now()
	for i := 0; i < n; i += 1000 {
		refs := make([]ledger.SegmentRef, 1000)
		for k := range refs {
			refs[k] = ledger.SegmentRef{Segment: int64(i + k + 1), Epoch: start.UnixNano(), Lane: "bench"}
		}
		if err := l.Enqueue(ctx, refs); err != nil {
			return 0, err
		}
	}
	select {
	case <-all:
	case <-time.After(patience):
		return 0, touch.Errorf(touch.Unavailable, "", "only %d of %d tasks ran", done.Load(), n)
	case <-ctx.Done():
	}
	took := time.Since(start)
	stop()
	return n / took.Seconds(), group.Wait()
}

// bareScript is how many empty scripts a second Redis runs, pipelined as the
// contact log does.
func (e *env) bareScript(ctx context.Context) (float64, error) {
	hash, err := e.rdb.ScriptLoad(ctx, "return 1").Result()
	if err != nil {
		return 0, err
	}
	return during(ctx, capWorkers, func(ctx context.Context) (int, error) {
		cmds, err := e.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for range capBatch {
				p.EvalSha(ctx, hash, []string{"{b}:1", "{b}:2"}, "1", 1, 2, 3)
			}
			return nil
		})
		return len(cmds), err
	})
}

// bareCopy is how many rows a second PostgreSQL takes by COPY into a table
// like that of touches: 250 bytes, three indexes, a commit every 1,000 rows,
// two connections.
func (e *env) bareCopy(ctx context.Context) (float64, error) {
	_, err := e.sql.Exec(ctx, `CREATE TABLE bare (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		id bytea UNIQUE, customer text, body bytea); CREATE INDEX ON bare (customer)`)
	if err != nil {
		return 0, err
	}
	body := bytes.Repeat([]byte("x"), 200)
	var next atomic.Int64
	return during(ctx, 2, func(ctx context.Context) (int, error) {
		from := next.Add(1000) - 1000
		n, err := e.sql.CopyFrom(ctx, pgx.Identifier{"bare"}, []string{"id", "customer", "body"}, pgx.CopyFromSlice(1000, func(i int) ([]any, error) {
			id := touch.NewID("bare", fmt.Sprint(from+int64(i)))
			return []any{id[:], string(appendCustomer(nil, int(from)/2+i/2)), body}, nil
		}))
		return int(n), err
	})
}
