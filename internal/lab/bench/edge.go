package bench

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/touch"
)

const (
	// edgeMemory is the most resident memory that the target may ever use, in MiB.
	edgeMemory = 256
	// edgeRatio limits the 99th percentile of urgent touches while the target is
	// attacked: it may be so many times that of the quiet target.
	edgeRatio = 2

	edgeHistory = 2000 // touches with a long text, for lists and simulations
	edgeRounds  = 3    // of a quiet and an attacked target each
)

// edge measures urgent touches, one by one, on a quiet target and then on one that
// is attacked. The attackers make the requests that cost a server most: bodies that
// stall, answers that nobody reads, a stream of faulty lines, and simulations. Each
// round measures both, so that a change of the machine's speed concerns both. edge
// returns an error if the attack slows urgent touches too much, or if the target
// uses too much memory.
func edge(ctx context.Context, e *env) (*Figures, error) {
	n := orDefault(e.options.Touches, 500)
	if err := e.submitHistory(ctx, edgeHistory); err != nil {
		return nil, err
	}
	if _, err := e.measureUrgent(ctx, "warm", n/2, urgentEvery); err != nil {
		return nil, err
	}
	var quiet, attacked []*Figures
	for round := range orDefault(e.options.Rounds, edgeRounds) {
		f, err := e.measureUrgent(ctx, uniqueName("quiet", round), n, urgentEvery)
		if err != nil {
			return nil, err
		}
		e.printf("quiet: %s", f.line())
		quiet = append(quiet, f)

		a, err := e.attack(ctx)
		if err != nil {
			return nil, err
		}
		f, err = e.measureUrgent(ctx, uniqueName("attacked", round), n, urgentEvery)
		a.stop()
		if err != nil {
			return nil, err
		}
		e.printf("attacked: %s; %.0f MB; %s", f.line(), f.PeakMB, a.line())
		attacked = append(attacked, f)
	}

	// The result is the attacked round with the median 99th percentile, compared with
	// the median quiet one. Its three counts are sums over all rounds.
	f := medianP99(attacked)
	f.Rounds = len(attacked)
	still := medianP99(quiet)
	for _, other := range append(quiet, attacked...) {
		if other != f {
			f.addCounts(other)
		}
	}
	f.PeakMB = peakMB(e.target.PID)
	ratio := f.P99 / max(still.P99, 0.001)
	f.addAlso("quiet_p99_ms", still.P99)
	f.addAlso("p99_to_quiet", ratio)
	if ratio > edgeRatio || f.PeakMB > edgeMemory {
		return nil, touch.Errorf(touch.Internal, "",
			"attacked: p99 %.2f ms is %.1f times the quiet %.2f ms (at most %d), with %.0f MB (at most %d)",
			f.P99, ratio, still.P99, edgeRatio, f.PeakMB, edgeMemory)
	}
	return f, nil
}

// medianP99 returns the figures with the median 99th percentile.
func medianP99(all []*Figures) *Figures {
	byP99 := func(a, b *Figures) int { return cmp.Compare(a.P99, b.P99) }
	sorted := slices.SortedFunc(slices.Values(all), byP99)
	return sorted[len(sorted)/2]
}

// submitHistory submits n touches with long texts that are due after the run. They
// make lists and simulations expensive, and are never sent.
func (e *env) submitHistory(ctx context.Context, n int) error {
	due := time.Now().Add(100 * 24 * time.Hour).UTC().Format(time.RFC3339)
	text := strings.Repeat("Your bank has much to say. ", 200)
	name := uniqueName("history", 0)
	lines := &lineReader{n: n, line: func(b []byte, i int) []byte {
		return fmt.Appendf(b, `{"key":"%s-%d","customer":"c%08d","category":"service","not_before":%q,`+
			`"plan":[{"channel":"inbox","content":{"body":%q}}]}`+"\n",
			name, i, i, due, text)
	}}
	client, err := e.readersClient(ctx)
	if err != nil {
		return err
	}

	failed := 0
	err = client.Upload(ctx, "/v1/campaigns/"+name+"/touches", lines, func(c apiclient.Chunk) {
		failed += c.Failed + c.Refused
	})
	if err == nil && failed > 0 {
		err = touch.Errorf(touch.Internal, "", "%d touches of the history were not taken in", failed)
	}
	return err
}

// readersClient returns a client with the name of the caller whose touches the idle
// readers list.
func (e *env) readersClient(ctx context.Context) (*apiclient.Client, error) {
	key, err := e.attackKey(ctx, "read")
	if err != nil {
		return nil, err
	}
	return apiclient.New(e.target.URL, key)
}
