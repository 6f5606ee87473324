package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"

	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// poster posts a workload's touches one by one, and times them.
type poster struct {
	e      *env
	work   *workload
	client *http.Client
	begun  []time.Time // of each touch
	mu     sync.Mutex
	answer *hdr.Histogram // from request to answer
}

func (e *env) newPoster(w *workload, connections int) *poster {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns = connections
	t.MaxIdleConnsPerHost = connections
	return &poster{
		e:      e,
		work:   w,
		client: &http.Client{Transport: t},
		begun:  make([]time.Time, w.n),
		answer: newHistogram(),
	}
}

func (p *poster) close() { p.client.CloseIdleConnections() }

// post posts touch i, which began at the given instant.
func (p *poster) post(ctx context.Context, i int, begun time.Time) error {
	p.begun[i] = begun
	body := p.work.line(nil, i)
	// In a stream the campaign's name is in the path; here it is a field.
	body = append(fmt.Appendf(nil, `{"campaign":%q,`, p.work.name), body[1:]...)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.e.target.URL+"/v1/touches", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+Key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return touch.Errorf(touch.Unavailable, "", "Touchgate does not answer: %w", err)
	}
	text, _ := io.ReadAll(resp.Body) // only for the error below
	resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		return touch.Errorf(touch.Internal, "", "touch %d was answered with %s: %s", i, resp.Status, text)
	}
	p.mu.Lock()
	record(p.answer, time.Since(begun))
	p.mu.Unlock()
	return nil
}

// postEvery posts a touch at each of evenly spaced instants, whether or not the
// touches before are answered, as long as goOn returns true. It waits for all
// answers, and returns how many touches it posted.
func (p *poster) postEvery(ctx context.Context, every time.Duration, goOn func(posted int) bool) (posted int, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(1000)
	start := time.Now()
	for ; posted < p.work.n && goOn(posted); posted++ {
		i := posted
		at := start.Add(time.Duration(posted) * every)
		if !loop.Sleep(ctx, time.Until(at)) {
			break
		}
		group.Go(func() error { return p.post(ctx, i, at) })
	}
	return posted, group.Wait()
}

// finish waits until all that was posted is finished, and verifies it. It also
// returns when the vendor received the last message.
func (p *poster) finish(ctx context.Context, before usage) (f *Figures, last time.Time, err error) {
	if _, err := p.e.waitFinished(ctx, p.work); err != nil {
		return nil, last, err
	}
	after := p.e.readUsage(ctx)
	received := p.e.sink.takeMessages()
	f = &Figures{Touches: p.work.n}
	f.setCost(before, after, p.work.n)
	f.PeakMB = peakMB(p.e.target.PID)
	f.addAlso("request_to_answer_p50_ms", ms(p.answer, 50))
	f.addAlso("request_to_answer_p99_ms", ms(p.answer, 99))
	var newest int64
	for m := range received.all() {
		newest = max(newest, m.at)
	}
	err = p.e.verify(ctx, f, p.work, received, func(i int) time.Time { return p.begun[i] })
	return f, time.Unix(0, newest), err
}
