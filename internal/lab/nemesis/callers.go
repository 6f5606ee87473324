package nemesis

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/lab/nemesis/check"
	"touchgate.dev/internal/lab/nemesis/world"
	"touchgate.dev/touch"
)

const (
	caller     = "nemesis" // whose key it is, as touch ids need it
	callWithin = 6 * time.Second
	chunk      = 100 // lines of one stream
)

// callers are the strategy engines of a run. What they are not answered they
// ask again, with the same keys, until they are.
type callers struct {
	h       *house
	log     *history
	clients []*apiclient.Client // one for each gateway

	mu     sync.Mutex // guards what follows
	world  *world.World
	dice   *rand.Rand
	orders map[touch.ID]*check.Order
	halts  []check.Halt
	asked  int // requests made
	again  int // of them repeats of the same touch
}

func newCallers(h *house, log *history, w *world.World) (*callers, error) {
	c := &callers{h: h, log: log, world: w, dice: rand.New(rand.NewPCG(h.o.Seed, 11)), orders: map[touch.ID]*check.Order{}}
	for _, s := range h.sides {
		client, err := apiclient.New("http://"+s.toUs.Addr(), h.key)
		if err != nil {
			return nil, err
		}
		client.HTTP.Timeout = callWithin
		c.clients = append(c.clients, client)
	}
	return c, nil
}

func (c *callers) client() *apiclient.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return c.clients[c.dice.IntN(len(c.clients))]
}

func (c *callers) chance(percent int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dice.IntN(100) < percent
}

// order notes a touch before it is submitted for the first time.
func (c *callers) order(r *touch.Request) *check.Order {
	o := &check.Order{
		Customer: r.Customer, Category: r.Category, Subject: r.Subject, Campaign: r.Campaign, Urgent: r.Urgent(),
		Zone: c.world.Zone(r.Customer),
	}
	for _, l := range r.Plan {
		o.Channels = append(o.Channels, l.Channel)
	}
	c.orders[touch.NewID(caller, r.Key)] = o
	return o
}

func (c *callers) taken(rs []touch.Request) {
	now := c.h.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range rs {
		if o := c.orders[touch.NewID(caller, rs[i].Key)]; !o.Taken {
			o.Taken, o.TakenAt = true, now
		}
	}
}

// insist asks until it is answered or ctx ends. Every answer and every failure
// is in the history.
func (c *callers) insist(ctx context.Context, l Line, ask func(*apiclient.Client) (any, error)) (answer any, ok bool) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		began := time.Now()
		l.At = c.h.now()
		got, err := ask(c.client())
		l.Took, l.Answer, l.Error = float64(time.Since(began).Microseconds())/1000, got, ""
		if err != nil {
			l.Answer, l.Error = nil, err.Error()
		}
		c.log.add(l)
		switch touch.ClassOf(err) {
		case "":
			return got, true
		case touch.Unavailable, touch.Internal: // not answered, or not now
		default:
			return nil, false
		}
		if !rest(ctx, wait) {
			return nil, false
		}
		c.mu.Lock()
		c.again++
		c.mu.Unlock()
	}
}

// single submits one touch, and sometimes once more.
func (c *callers) single(ctx context.Context, r touch.Request) {
	times := 1
	if c.chance(5) {
		times = 2
	}
	for range times {
		_, ok := c.insist(ctx, Line{Op: "submit", Keys: []string{r.Key}}, func(client *apiclient.Client) (any, error) {
			var out struct {
				State touch.State `json:"state"`
				Due   time.Time   `json:"due"`
			}
			return &out, client.Do(ctx, http.MethodPost, "/v1/touches", r, &out)
		})
		if ok {
			c.taken([]touch.Request{r})
		}
	}
}

// stream submits a chunk of a campaign.
func (c *callers) stream(ctx context.Context, campaign string, rs []touch.Request) {
	var body bytes.Buffer
	keys := make([]string, len(rs))
	for i := range rs {
		b, err := json.Marshal(&rs[i])
		if err != nil {
			panic("nemesis: a request always marshals: " + err.Error())
		}
		body.Write(append(b, '\n'))
		keys[i] = rs[i].Key
	}
	times := 1
	if c.chance(5) {
		times = 2
	}
	for range times {
		_, ok := c.insist(ctx, Line{Op: "stream", What: campaign, Keys: keys}, func(client *apiclient.Client) (any, error) {
			var total apiclient.Chunk
			err := client.Stream(ctx, campaign, bytes.NewReader(body.Bytes()), func(part apiclient.Chunk) {
				if part.Done {
					total = part
				}
			})
			if err != nil && !total.Done {
				// Whatever is wrong with an answer that broke off, it is the network's fault.
				return nil, touch.Errorf(touch.Unavailable, "", "the answer broke off: %w", err)
			}
			if said := total.Accepted + total.Repeated + total.Refused + total.Failed; err == nil && said != len(rs) {
				// Seen once: a stream answered as done with no line taken.
				err = touch.Errorf(touch.Unavailable, "", "the answer speaks of %d lines, and not of %d", said, len(rs))
			}
			if err == nil && total.Failed > 0 {
				err = touch.Errorf(touch.Invalid, "", "%d lines were refused: %v", total.Failed, total.Errors)
			}
			return &total, err
		})
		if ok {
			c.taken(rs)
		}
	}
}

// later submits a touch for a time to come and mostly takes it back.
func (c *callers) later(ctx context.Context, r touch.Request) {
	c.single(ctx, r)
	if c.chance(30) || !rest(ctx, 3*time.Second) {
		return
	}
	id := touch.NewID(caller, r.Key)
	_, ok := c.insist(ctx, Line{Op: "cancel", Keys: []string{r.Key}}, func(client *apiclient.Client) (any, error) {
		var out struct {
			State touch.State `json:"state"`
		}
		return &out, client.Do(ctx, http.MethodPost, "/v1/touches/"+id.String()+":cancel", nil, &out)
	})
	if ok {
		now := c.h.now()
		c.mu.Lock()
		c.orders[id].Cancelled = now
		c.mu.Unlock()
	}
}

// halt stops a part of the traffic for a while: a pause of a campaign or an
// emergency stop. Nothing may leave while it holds.
func (c *callers) halt(ctx context.Context, i int) {
	h := check.Halt{Kind: "stop", Category: touch.Marketing, Channel: touch.SMS}
	begin, end := "/v1/stops/nemesis", "/v1/stops/nemesis"
	method, ending := http.MethodPut, http.MethodDelete
	var body any = map[string]any{"category": h.Category, "channel": h.Channel, "owner": "nemesis", "reason": "trial"}
	if i%2 == 1 {
		h = check.Halt{Kind: "pause", Campaign: "c1"}
		begin, end = "/v1/campaigns/c1:pause", "/v1/campaigns/c1:resume"
		method, ending, body = http.MethodPost, http.MethodPost, nil
	}
	if _, ok := c.insist(ctx, Line{Op: h.Kind, What: begin}, func(client *apiclient.Client) (any, error) {
		return nil, client.Do(ctx, method, begin, body, nil)
	}); !ok {
		return
	}
	h.From = c.h.now()
	rest(ctx, c.h.o.Delay()+6*time.Second)
	h.Until = c.h.now()
	c.mu.Lock()
	c.halts = append(c.halts, h)
	c.mu.Unlock()
	// The end is asked for also when the run ends meanwhile.
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
	defer cancel()
	c.insist(late, Line{Op: "end of " + h.Kind, What: end}, func(client *apiclient.Client) (any, error) {
		return nil, client.Do(late, ending, end, nil, nil)
	})
}

// doom cancels a campaign for ever while its touches are under way.
func (c *callers) doom(ctx context.Context, n int) {
	campaign := "doomed-" + strconv.Itoa(n)
	c.stream(ctx, campaign, c.make(chunk, func(now time.Time) touch.Request { return c.world.Bulk(campaign, now) }))
	rest(ctx, time.Second)
	if _, ok := c.insist(ctx, Line{Op: "cancel campaign", What: campaign}, func(client *apiclient.Client) (any, error) {
		return nil, client.Do(ctx, http.MethodPost, "/v1/campaigns/"+url.PathEscape(campaign)+":cancel", nil, nil)
	}); ok {
		c.mu.Lock()
		c.halts = append(c.halts, check.Halt{Kind: "cancelled campaign", Campaign: campaign, From: c.h.now()})
		c.mu.Unlock()
	}
}

// make makes touches and notes them.
func (c *callers) make(n int, one func(now time.Time) touch.Request) []touch.Request {
	now := c.h.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	rs := make([]touch.Request, n)
	for i := range rs {
		rs[i] = one(now)
		c.order(&rs[i])
	}
	return rs
}

// run submits rate touches a second, a fifth of them urgent singles, until
// ctx ends; it returns when all are answered, or late has ended too.
func (c *callers) run(ctx, late context.Context, rate float64) {
	var all sync.WaitGroup
	all.Go(func() {
		c.each(ctx, rate/5, func(int) { all.Go(func() { c.single(late, c.make(1, c.world.Urgent)[0]) }) })
	})
	all.Go(func() {
		c.each(ctx, rate*4/5/chunk, func(i int) {
			campaign := "c" + strconv.Itoa(i%4)
			all.Go(func() {
				c.stream(late, campaign, c.make(chunk, func(now time.Time) touch.Request { return c.world.Bulk(campaign, now) }))
			})
		})
	})
	all.Go(func() { c.each(ctx, 2, func(int) { all.Go(func() { c.later(ctx, c.make(1, c.world.Later)[0]) }) }) })
	all.Go(func() {
		for i := 0; rest(ctx, 4*time.Second); i++ {
			c.halt(ctx, i)
		}
	})
	all.Go(func() { c.each(ctx, 1.0/17, func(i int) { c.doom(ctx, i) }) })
	all.Wait()
}

// each calls f so many times a second until ctx ends.
func (c *callers) each(ctx context.Context, perSecond float64, f func(i int)) {
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
