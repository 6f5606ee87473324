package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"touchgate.dev/internal/loop"
)

const (
	stalledBodies  = 200                    // clients that send half a body at a time
	idleReaders    = 100                    // clients that do not read the answer
	simulations    = 16                     // at once
	faultyBytes    = 32 << 20               // of "{}" lines, in one stream
	attackAgain    = time.Second            // pause after the target ended an attack
	attackLooks    = 250 * time.Millisecond // between two looks whether it did
	attackersBegin = 2 * time.Second        // until all attackers are connected
)

// attack is a group of hostile clients. Call stop at the end.
type attack struct {
	running *loop.Group

	// How often the target ended each kind of attack.
	stalled   atomic.Int64 // stalled bodies that it cut off
	unread    atomic.Int64 // idle readers that it cut off
	streams   atomic.Int64 // streams of faulty lines that it answered
	simulated atomic.Int64 // simulations that it answered
	refused   atomic.Int64 // simulations that it refused
}

// attack starts all attackers, and returns when they are at work.
func (e *env) attack(ctx context.Context) (*attack, error) {
	a := &attack{running: loop.NewGroup(ctx)}

	// A few kilobytes become four megabytes. Without the last bytes the target waits
	// for the end.
	zeros := compress(strings.Repeat("\x00", 4_190_000))
	zeros = zeros[:len(zeros)-12]
	stalling := fmt.Sprintf("%x\r\n%s\r\n", len(zeros), zeros)
	faulty := compress(strings.Repeat("{}\n", faultyBytes/3))
	documents, _ := json.Marshal(map[string]any{"documents": map[string]string{"bench.yaml": policyDocument}})

	// Each kind has a key of its own, because the target limits what one key may do.
	// With one key the first kind would use up the limits of all.
	keys := map[string]string{}
	for _, kind := range []string{"stall", "read", "faulty", "simulate"} {
		var err error
		if keys[kind], err = e.attackKey(ctx, kind); err != nil {
			return nil, err
		}
	}

	paths := []string{"/v1/receipts/nobody", "/v1/receipts/sink", "/v1/touches", "/v1/campaigns/x/touches"}
	for i := range stalledBodies {
		path := paths[i%len(paths)]
		a.again(func(ctx context.Context) {
			e.hang(ctx, keys["stall"], "POST "+path,
				"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", stalling)
			a.stalled.Add(1)
		})
	}
	for range idleReaders {
		a.again(func(ctx context.Context) {
			e.hang(ctx, keys["read"], "GET /v1/touches?limit=1000", "", "")
			a.unread.Add(1)
		})
	}
	a.again(func(ctx context.Context) {
		e.send(ctx, keys["faulty"], "/v1/campaigns/faulty/touches", faulty, "gzip")
		a.streams.Add(1)
	})
	for range simulations {
		a.again(func(ctx context.Context) {
			if e.send(ctx, keys["simulate"], "/v1/policies:simulate?since=30d", documents, "") == http.StatusOK {
				a.simulated.Add(1)
			} else {
				a.refused.Add(1)
			}
		})
	}
	loop.Sleep(ctx, attackersBegin)
	return a, nil
}

// attackKey makes a key for one kind of attacker.
func (e *env) attackKey(ctx context.Context, kind string) (string, error) {
	var made struct {
		Key string `json:"key"`
	}
	err := e.client.Do(ctx, http.MethodPost, "/v1/keys", map[string]any{
		"caller": "bench-" + kind, "scopes": []string{"submit", "read", "policy:write"},
	}, &made)
	return made.Key, err
}

// again repeats a step, with a pause, until the attack is stopped.
func (a *attack) again(step func(ctx context.Context)) {
	a.running.Go(func(ctx context.Context) {
		for ctx.Err() == nil {
			step(ctx)
			loop.Sleep(ctx, attackAgain)
		}
	})
}

func (a *attack) stop() { a.running.Stop() }

// line returns in one line what became of the attackers.
func (a *attack) line() string {
	return fmt.Sprintf("%d stalled bodies and %d readers were cut off, "+
		"%d streams of faults and %d simulations ended, %d were refused",
		a.stalled.Load(), a.unread.Load(), a.streams.Load(), a.simulated.Load(), a.refused.Load())
}

// hang sends the beginning of a request. Then it sends nothing and reads nothing
// until the target closes the connection.
func (e *env) hang(ctx context.Context, key, request, header, begin string) {
	dialer := net.Dialer{Control: smallBuffers}
	conn, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(e.target.URL, "http://"))
	if err != nil {
		return
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()

	_, err = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer %s\r\n%s\r\n%s",
		request, key, header, begin)
	for err == nil && loop.Sleep(ctx, attackLooks) {
		if closed(conn) {
			return
		}
	}
}

// send posts a body and reads the whole answer. It returns the status, 0 without an
// answer.
func (e *env) send(ctx context.Context, key, path string, body []byte, encoding string) int {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.target.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+key)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// compress returns a text as gzip.
func compress(text string) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails only for an unknown level
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.Bytes()
}
