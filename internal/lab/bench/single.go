package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"

	"touchgate.dev/touch"
)

// single posts touches one by one, by many callers at once; each waits for its
// answer before it goes on. A touch has arrived when the vendor has it. Then,
// on the idle house, one at a time.
func single(ctx context.Context, e *env) (*Figures, error) {
	n, callers := or(e.o.Touches, 40_000), or(e.o.Connections, 64)
	f, err := rounds(e, 3, func(round int) (*Figures, error) {
		n := n
		if round == 0 {
			n = max(500, n/4)
		}
		w, err := e.newWork(ctx, stamp("single", round), n, max(1, min(n/4, 20_000)), touch.Transactional)
		if err != nil {
			return nil, err
		}
		return e.singles(ctx, w, callers)
	})
	if err != nil {
		return nil, err
	}
	idle, err := e.urgent(ctx, "idle", 300, 25*time.Millisecond)
	if err != nil {
		return nil, err
	}
	f.Lost += idle.Lost
	f.Duplicated += idle.Duplicated
	f.also("idle_request_to_vendor_p50_ms", idle.P50)
	f.also("idle_request_to_vendor_p99_ms", idle.P99)
	return f, nil
}

// poster posts a work's touches one by one, and notes when each was begun.
type poster struct {
	e      *env
	w      *work
	client *http.Client
	begun  []time.Time
	mu     sync.Mutex
	answer *hdr.Histogram // request to answer
}

func (e *env) newPoster(w *work, connections int) *poster {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = connections, connections
	return &poster{e: e, w: w, client: &http.Client{Transport: t}, begun: make([]time.Time, w.n), answer: newHistogram()}
}

func (p *poster) close() { p.client.CloseIdleConnections() }

// post sends touch i, begun at the given instant.
func (p *poster) post(ctx context.Context, i int, begun time.Time) error {
	p.begun[i] = begun
	body := p.w.line(nil, i)
	// The campaign's name comes with the path elsewhere; here it is a field.
	body = append([]byte(fmt.Sprintf(`{"campaign":%q,`, p.w.name)), body[1:]...)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.e.house.URL+"/v1/touches", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+Key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return touch.Errorf(touch.Unavailable, "", "the house does not answer: %w", err)
	}
	said, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return touch.Errorf(touch.Internal, "", "touch %d was answered with %s: %s", i, resp.Status, said)
	}
	p.mu.Lock()
	_ = p.answer.RecordValue(max(1, time.Since(begun).Microseconds()))
	p.mu.Unlock()
	return nil
}

// singles sends all of a work by so many callers.
func (e *env) singles(ctx context.Context, w *work, callers int) (*Figures, error) {
	p := e.newPoster(w, callers)
	defer p.close()
	e.sink.truth()
	before := e.read(ctx)
	start := time.Now()
	var next atomic.Int64
	group, gctx := errgroup.WithContext(ctx)
	for range callers {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= w.n {
					return nil
				}
				if err := p.post(gctx, i, time.Now()); err != nil {
					return err
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	f, err := e.finish(ctx, p, before)
	if err != nil {
		return nil, err
	}
	f.PerSecond = float64(f.Sent) / f.end.Sub(start).Seconds()
	return f.Figures, nil
}

// finished are figures with the instant at which the vendor had the last touch.
type finished struct {
	*Figures
	end time.Time
}

// finish waits until all that was posted is settled, and judges it.
func (e *env) finish(ctx context.Context, p *poster, before usage) (finished, error) {
	if _, err := e.settled(ctx, p.w); err != nil {
		return finished{}, err
	}
	after := e.read(ctx)
	truth := e.sink.truth()
	f := finished{Figures: &Figures{Touches: p.w.n}}
	f.cost(before, after, p.w.n)
	f.PeakMB = peakMB(e.house.PID)
	f.also("request_to_answer_p50_ms", ms(p.answer, 50))
	f.also("request_to_answer_p99_ms", ms(p.answer, 99))
	var last int64
	for m := range truth.all() {
		last = max(last, m.at)
	}
	f.end = time.Unix(0, last)
	return f, e.judge(ctx, f.Figures, p.w, truth, func(i int) time.Time { return p.begun[i] })
}
