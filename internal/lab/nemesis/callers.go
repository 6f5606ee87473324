package nemesis

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/internal/lab/nemesis/world"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

const (
	caller      = "nemesis" // the API key's name, a part of each touch id
	callTimeout = 6 * time.Second
	chunkLines  = 100 // of one stream
)

// callers are the strategy engines of a run. They repeat a request with the same
// keys until it is answered.
type callers struct {
	system  *system
	log     *history
	clients []*apiclient.Client // one for each gateway

	mu       sync.Mutex // guards the fields below
	world    *world.World
	random   *rand.Rand
	expected map[touch.ID]*check.Expected
	stops    []check.StopWindow
	requests int // made
	repeats  int // of them, because the first was not answered
}

func newCallers(s *system, log *history, w *world.World) (*callers, error) {
	c := &callers{
		system:   s,
		log:      log,
		world:    w,
		random:   rand.New(rand.NewPCG(s.o.Seed, 11)),
		expected: map[touch.ID]*check.Expected{},
	}
	for _, p := range s.partitions {
		client, err := apiclient.New("http://"+p.toGateway.Addr(), s.apiKey)
		if err != nil {
			return nil, err
		}
		client.HTTP.Timeout = callTimeout
		c.clients = append(c.clients, client)
	}
	return c, nil
}

// run submits rate touches a second until ctx ends, a fifth of them urgent and
// alone. It returns when all requests are answered, or when answering ends.
func (c *callers) run(ctx, answering context.Context, rate float64) {
	var running sync.WaitGroup
	running.Go(func() {
		every(ctx, rate/5, func(int) {
			running.Go(func() { c.submit(answering, c.make(1, c.world.Urgent)[0]) })
		})
	})
	running.Go(func() {
		every(ctx, rate*4/5/chunkLines, func(i int) {
			running.Go(func() { c.streamCampaign(answering, "c"+strconv.Itoa(i%4)) })
		})
	})
	running.Go(func() {
		every(ctx, 2, func(int) {
			running.Go(func() { c.submitAndCancel(ctx, c.make(1, c.world.Scheduled)[0]) })
		})
	})
	running.Go(func() {
		for i := 0; loop.Sleep(ctx, 4*time.Second); i++ {
			if i%2 == 0 {
				c.killSwitch(ctx)
			} else {
				c.pauseCampaign(ctx)
			}
		}
	})
	running.Go(func() { every(ctx, 1.0/17, func(i int) { c.cancelCampaign(ctx, i) }) })
	running.Wait()
}

// every calls f so many times a second until ctx ends.
func every(ctx context.Context, perSecond float64, f func(i int)) {
	tick := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f(i)
		}
	}
}

// make makes n touches, and remembers them before they are submitted.
func (c *callers) make(n int, makeOne func(now time.Time) touch.Request) []touch.Request {
	now := c.system.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	requests := make([]touch.Request, n)
	for i := range requests {
		requests[i] = makeOne(now)
		c.expect(&requests[i])
	}
	return requests
}

// expect remembers a touch. The caller holds the lock.
func (c *callers) expect(r *touch.Request) {
	e := &check.Expected{
		Customer: r.Customer,
		Category: r.Category,
		Subject:  r.Subject,
		Campaign: r.Campaign,
		Urgent:   r.Urgent(),
		Zone:     c.world.Zone(r.Customer),
	}
	for _, l := range r.Plan {
		e.Channels = append(e.Channels, l.Channel)
	}
	c.expected[touch.NewID(caller, r.Key)] = e
}

// accepted remembers that an answer took responsibility for touches.
func (c *callers) accepted(requests []touch.Request) {
	now := c.system.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range requests {
		if e := c.expected[touch.NewID(caller, requests[i].Key)]; !e.Accepted {
			e.Accepted = true
			e.AcceptedAt = now
		}
	}
}

// chance returns true with a probability in percent.
func (c *callers) chance(percent int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(100) < percent
}
