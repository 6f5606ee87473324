package nemesis

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/loop"
	"touchgate.dev/touch"
)

// untilAnswered makes a request, and repeats it until it is answered or ctx
// ends. It reports whether the answer was good. Every answer and every failure
// is in the history.
func (c *callers) untilAnswered(ctx context.Context, l Line, request func(*apiclient.Client) (any, error)) (ok bool) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		began := time.Now()
		l.At = c.system.now()
		answer, err := request(c.nextClient())
		l.Took = float64(time.Since(began).Microseconds()) / 1000
		l.Answer = answer
		l.Error = ""
		if err != nil {
			l.Answer = nil
			l.Error = err.Error()
		}
		c.log.add(l)

		switch touch.ClassOf(err) {
		case "":
			return true
		case touch.Unavailable, touch.Internal: // not answered, or not now
		default:
			return false
		}
		if !loop.Sleep(ctx, wait) {
			return false
		}
		c.mu.Lock()
		c.repeats++
		c.mu.Unlock()
	}
}

// nextClient draws a client, and counts the request.
func (c *callers) nextClient() *apiclient.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	return c.clients[c.random.IntN(len(c.clients))]
}

// attempts is how often a request is made although it is answered: twice in 5 of
// 100 cases.
func (c *callers) attempts() int {
	if c.chance(5) {
		return 2
	}
	return 1
}

// submit submits one touch.
func (c *callers) submit(ctx context.Context, r touch.Request) {
	for range c.attempts() {
		ok := c.untilAnswered(ctx, Line{Op: "submit", Keys: []string{r.Key}}, func(client *apiclient.Client) (any, error) {
			var answer struct {
				State touch.State `json:"state"`
				Due   time.Time   `json:"due"`
			}
			return &answer, client.Do(ctx, http.MethodPost, "/v1/touches", r, &answer)
		})
		if ok {
			c.accepted([]touch.Request{r})
		}
	}
}

// submitAndCancel submits a scheduled touch and, in most cases, cancels it.
func (c *callers) submitAndCancel(ctx context.Context, r touch.Request) {
	c.submit(ctx, r)
	if c.chance(30) || !loop.Sleep(ctx, 3*time.Second) {
		return
	}
	id := touch.NewID(caller, r.Key)
	ok := c.untilAnswered(ctx, Line{Op: "cancel", Keys: []string{r.Key}}, func(client *apiclient.Client) (any, error) {
		var answer struct {
			State touch.State `json:"state"`
		}
		return &answer, client.Do(ctx, http.MethodPost, "/v1/touches/"+id.String()+":cancel", nil, &answer)
	})
	if ok {
		now := c.system.now()
		c.mu.Lock()
		c.expected[id].CancelledAt = now
		c.mu.Unlock()
	}
}

// streamCampaign submits a chunk of a campaign.
func (c *callers) streamCampaign(ctx context.Context, campaign string) {
	requests := c.make(chunkLines, func(now time.Time) touch.Request { return c.world.Bulk(campaign, now) })
	var body bytes.Buffer
	keys := make([]string, len(requests))
	for i := range requests {
		line, err := json.Marshal(&requests[i])
		if err != nil {
			panic("nemesis: a request cannot be encoded: " + err.Error())
		}
		body.Write(append(line, '\n'))
		keys[i] = requests[i].Key
	}
	for range c.attempts() {
		ok := c.untilAnswered(ctx, Line{Op: "stream", What: campaign, Keys: keys}, func(client *apiclient.Client) (any, error) {
			return stream(ctx, client, campaign, body.Bytes(), len(requests))
		})
		if ok {
			c.accepted(requests)
		}
	}
}

// stream submits lines of a campaign. It returns an error unless the answer
// speaks of all lines and refuses none.
func stream(ctx context.Context, client *apiclient.Client, campaign string, body []byte, lines int) (any, error) {
	var total apiclient.Chunk
	err := client.Stream(ctx, campaign, bytes.NewReader(body), func(part apiclient.Chunk) {
		if part.Done {
			total = part
		}
	})
	if err != nil && !total.Done {
		// Whatever the error says, the network broke the answer off.
		return nil, touch.Errorf(touch.Unavailable, "", "the answer broke off: %w", err)
	}
	if err == nil {
		// An answer that is "done" without having read a line was seen once.
		if got := total.Accepted + total.Repeated + total.Refused + total.Failed; got != lines {
			err = touch.Errorf(touch.Unavailable, "", "the answer speaks of %d lines, not of %d", got, lines)
		}
	}
	if err == nil && total.Failed > 0 {
		err = touch.Errorf(touch.Invalid, "", "%d lines were refused: %v", total.Failed, total.Errors)
	}
	return &total, err
}

// storeCustomers stores all customers, before the run.
func (c *callers) storeCustomers(ctx context.Context) error {
	var lines bytes.Buffer
	all := c.world.Customers()
	for i := range all {
		if err := json.NewEncoder(&lines).Encode(&all[i]); err != nil {
			return err
		}
	}
	var total apiclient.Chunk
	err := c.patientClient().Upload(ctx, "/v1/customers", &lines, func(part apiclient.Chunk) {
		if part.Done {
			total = part
		}
	})
	if err == nil && (total.Lines != len(all) || total.Failed > 0) {
		err = touch.Errorf(touch.Internal, "", "of %d customers %d were read and %d not stored: %v",
			len(all), total.Lines, total.Failed, total.Errors)
	}
	return err
}

// patientClient returns a client with a long timeout, for the time before and
// after the faults.
func (c *callers) patientClient() *apiclient.Client {
	client := *c.clients[0]
	client.HTTP = &http.Client{Transport: client.HTTP.Transport, Timeout: time.Minute}
	return &client
}
