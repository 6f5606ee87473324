package bench

import (
	"context"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// bulk measures the sending of a campaign that lies in the ledger: from the
// instant at which it is due to the ledger's last word on its last touch. Then,
// once, door to door: a campaign that is due at once, from the first byte of
// the first touch.
func bulk(ctx context.Context, e *env) (*Figures, error) {
	n := or(e.o.Touches, 200_000)
	intake := 5_000.0 // touches a second, until it is known
	f, err := rounds(e, 3, func(round int) (*Figures, error) {
		n := n
		if round == 0 {
			n = max(1000, n/5)
		}
		w, err := e.newWork(ctx, stamp("bulk", round), n, max(1, (n+1)/2), touch.Marketing)
		if err != nil {
			return nil, err
		}
		bare := 0.0
		if e.batch == 1 {
			if bare, err = e.bareClient(ctx); err != nil {
				return nil, err
			}
		}
		w.due = time.Now().Add(2*time.Second + time.Duration(1.5*float64(n)/intake*float64(time.Second))).Truncate(time.Millisecond)
		f, err := e.campaign(ctx, w)
		if err != nil {
			return nil, err
		}
		intake = f.Also["taken_in_per_second"]
		if bare > 0 {
			f.BareClient, f.RatioToBareClient = bare, f.PerSecond/bare
		}
		return f, nil
	})
	if err != nil {
		return nil, err
	}
	w, err := e.newWork(ctx, stamp("door", 0), n, max(1, (n+1)/2), touch.Service)
	if err != nil {
		return nil, err
	}
	door, err := e.campaign(ctx, w)
	if err != nil {
		return nil, err
	}
	e.say("door to door: %s", door.line())
	f.also("door_to_door_per_second", door.PerSecond)
	f.Lost, f.Duplicated, f.OverCap = f.Lost+door.Lost, f.Duplicated+door.Duplicated, f.OverCap+door.OverCap
	f.PeakMB = max(f.PeakMB, door.PeakMB)
	return f, nil
}

// campaign streams work in, waits for its end and judges it. Its time begins
// when the work is due, or with its first byte if it is due at once.
func (e *env) campaign(ctx context.Context, w *work) (*Figures, error) {
	e.sink.truth()
	before := e.read(ctx)
	start := time.Now()
	if err := e.submit(ctx, w, nil); err != nil {
		return nil, err
	}
	taken := time.Since(start)
	if !w.due.IsZero() {
		start = w.due
		if late := time.Since(w.due); late > 0 {
			e.say("the campaign was due %s before it was all there", late.Round(time.Millisecond))
		}
		if before = e.read(ctx); !loop.Sleep(ctx, time.Until(w.due)) {
			return nil, ctx.Err()
		}
	}
	end, err := e.settled(ctx, w)
	if err != nil {
		return nil, err
	}
	after := e.read(ctx)
	truth := e.sink.truth()
	f := &Figures{Touches: w.n}
	f.cost(before, after, w.n)
	f.PeakMB = peakMB(e.house.PID)
	err = e.judge(ctx, f, w, truth, func(i int) time.Time {
		if w.due.IsZero() {
			return w.streamedAt(i)
		}
		return w.due
	})
	if err != nil {
		return nil, err
	}
	f.PerSecond = float64(f.Sent) / end.Sub(start).Seconds()
	f.also("taken_in_per_second", float64(w.n)/taken.Seconds())
	return f, nil
}

// submit streams a work's touches to the house. Each chunk's answer goes to
// each, which may be nil.
func (e *env) submit(ctx context.Context, w *work, each func(apiclient.Chunk)) error {
	failed := 0
	err := e.client.Stream(ctx, w.name, w.stream(), func(c apiclient.Chunk) {
		if c.Done {
			failed = c.Failed
		} else if each != nil {
			each(c)
		}
	})
	if err == nil && failed > 0 {
		err = touch.Errorf(touch.Internal, "", "%d touches were not taken", failed)
	}
	return err
}
