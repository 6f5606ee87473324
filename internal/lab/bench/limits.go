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
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
	"touchgate.dev/workers/queue"
)

// Limits are what this machine does without Touchgate, in the same run: calls of
// a bare HTTP client to the same vendor, Asynq tasks that do nothing, empty
// scripts in Redis, and rows into PostgreSQL by COPY; each a second.
type Limits struct {
	Client  float64 `json:"bare_client_per_second"`
	Tasks   float64 `json:"noop_tasks_per_second"`
	Scripts float64 `json:"empty_scripts_per_second"`
	Copy    float64 `json:"copied_rows_per_second,omitempty"` // 0: PostgreSQL is not measured
}

// limitTime is how long each limit is measured.
const limitTime = 2 * time.Second

// limits measures all limits, in an environment of their own.
func limits(ctx context.Context, o Options) (l Limits, err error) {
	e, err := openEnv(ctx, mode{}, "", o)
	if err != nil {
		return l, err
	}
	defer e.close()
	if l.Client, err = bareClient(ctx, e.sink); err != nil {
		return l, err
	}
	if l.Tasks, err = emptyTasks(ctx, e.rdb); err != nil {
		return l, err
	}
	if l.Scripts, err = emptyScripts(ctx, e.rdb); err != nil {
		return l, err
	}
	if slices.Contains(o.Ledgers, "postgres") {
		if err = e.startPostgres(ctx); err != nil {
			return l, err
		}
		l.Copy, err = copiedRows(ctx, e.pg)
	}
	return l, err
}

// shareOfLimit returns a mode's speed as a share of the limit that it works
// against, and that limit's name. Mode bulk has none here: it is compared with a
// bare client that is measured beside each of its rounds.
func (l Limits) shareOfLimit(f *Figures) (name string, share float64) {
	limit := 0.0
	switch f.Mode {
	case "single":
		name, limit = "no-op tasks", l.Tasks
	case "ingest":
		name, limit = "COPY", l.Copy
	case "caps":
		name, limit = "empty scripts, two a contact", l.Scripts/2
	case "batch-vendor":
		name, limit = "a bare client", l.Client
	}
	if limit == 0 {
		return "", 0
	}
	return name, f.PerSecond / limit
}

// measureRate lets so many callers repeat do for a while, and returns how much
// they did per second.
func measureRate(ctx context.Context, callers int, do func(ctx context.Context) (int, error)) (float64, error) {
	var done atomic.Int64
	start := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for range callers {
		group.Go(func() error {
			for time.Since(start) < limitTime {
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

// bareClient measures how many calls a second Go's HTTP client makes to the
// vendor: with the target's message and by as many callers, and nothing else.
func bareClient(ctx context.Context, s *sink) (perSecond float64, err error) {
	const callers = vendorCalls
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns = callers
	t.MaxIdleConnsPerHost = callers
	t.DisableCompression = true
	defer t.CloseIdleConnections()
	client := &http.Client{Transport: t}
	body, err := json.Marshal(vendorapi.Message{
		ID:   touch.DispatchID(touch.NewID("bare", "0"), 0),
		To:   "+4915100000001",
		Text: "Your bank: up to 50000 for a new car, at a rate that is yours alone. Reply STOP to opt out.",
	})
	if err != nil {
		return 0, err
	}
	defer s.takeMessages() // these belong to no measurement
	return measureRate(ctx, callers, func(ctx context.Context) (int, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url()+"/messages", bytes.NewReader(body))
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

// emptyTasks measures how many tasks a second Asynq runs that do nothing, while
// they are being enqueued.
func emptyTasks(ctx context.Context, rdb redis.UniversalClient) (perSecond float64, err error) {
	const n = 30_000
	q := queue.New(queue.Options{Redis: rdb, Logger: slog.New(slog.DiscardHandler)})
	run, stop := context.WithCancel(ctx)
	defer stop()
	var done atomic.Int64
	all := make(chan struct{})
	group, run := errgroup.WithContext(run)
	group.Go(func() error {
		lane := queue.Lane{Name: "bench", Concurrency: 64, Servers: 4, PollInterval: 5 * time.Millisecond}
		return q.Run(run, []queue.Lane{lane}, func(context.Context, ledger.SegmentRef) error {
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
		if err := q.Enqueue(ctx, refs); err != nil {
			return 0, err
		}
	}
	select {
	case <-all:
	case <-time.After(idleTimeout):
		return 0, touch.Errorf(touch.Unavailable, "", "only %d of %d tasks ran", done.Load(), n)
	case <-ctx.Done():
	}
	took := time.Since(start)
	stop()
	return n / took.Seconds(), group.Wait()
}

// emptyScripts measures how many empty scripts a second Redis runs, pipelined as
// the contact log does.
func emptyScripts(ctx context.Context, rdb redis.UniversalClient) (perSecond float64, err error) {
	hash, err := rdb.ScriptLoad(ctx, "return 1").Result()
	if err != nil {
		return 0, err
	}
	return measureRate(ctx, capWorkers, func(ctx context.Context) (int, error) {
		cmds, err := rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for range capBatch {
				p.EvalSha(ctx, hash, []string{"{b}:1", "{b}:2"}, "1", 1, 2, 3)
			}
			return nil
		})
		return len(cmds), err
	})
}

// copiedRows measures how many rows a second PostgreSQL takes by COPY into a
// table like that of touches: 250 bytes, three indexes, a commit every 1,000
// rows, two connections.
func copiedRows(ctx context.Context, pg *pgxpool.Pool) (perSecond float64, err error) {
	_, err = pg.Exec(ctx, `CREATE TABLE bare (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		id bytea UNIQUE, customer text, body bytea); CREATE INDEX ON bare (customer)`)
	if err != nil {
		return 0, err
	}
	body := bytes.Repeat([]byte("x"), 200)
	var next atomic.Int64
	return measureRate(ctx, 2, func(ctx context.Context) (int, error) {
		from := next.Add(1000) - 1000
		rows := pgx.CopyFromSlice(1000, func(i int) ([]any, error) {
			id := touch.NewID("bare", fmt.Sprint(from+int64(i)))
			return []any{id[:], string(appendCustomer(nil, int(from)/2+i/2)), body}, nil
		})
		n, err := pg.CopyFrom(ctx, pgx.Identifier{"bare"}, []string{"id", "customer", "body"}, rows)
		return int(n), err
	})
}
