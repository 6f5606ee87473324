package simulator

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"hash/fnv"
	"hash/maphash"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"touchgate.dev/touch"
)

// Taken is one message that a vendor really took.
type Taken struct {
	Provider string        `json:"provider"`
	Dispatch string        `json:"dispatch"`
	Channel  touch.Channel `json:"channel,omitempty"`
	Address  string        `json:"address,omitempty"`  // of channels with addresses
	Customer string        `json:"customer,omitempty"` // of channels that reach by customer
	Text     string        `json:"text,omitempty"`     // a hash of what was said
	At       time.Time     `json:"at"`
	VendorID string        `json:"vendor_id"`
	// Replay says that the vendor knew the id and sent nothing new.
	Replay bool `json:"replay,omitempty"`
	// Resend says that the sender meant a second message.
	Resend bool `json:"resend,omitempty"`
}

// Counts sums the truth up.
type Counts struct {
	Dispatches int `json:"dispatches"` // different ids that reached a vendor
	Messages   int `json:"messages"`   // messages that went out
	Replays    int `json:"replays"`    // repeats that the vendor recognised
	Duplicated int `json:"duplicated"` // ids with a message too many that nobody meant
	Resent     int `json:"resent"`     // messages sent again on purpose
}

// Truth is what all vendors together took. It is safe for concurrent use.
type Truth struct {
	seed   maphash.Seed
	shards [64]shard

	logging sync.Mutex
	log     io.Writer
	logErr  error
}

func newTruth(log io.Writer) *Truth {
	t := &Truth{seed: maphash.MakeSeed(), log: log}
	for i := range t.shards {
		t.shards[i].byID = map[string]*history{}
	}
	return t
}

func (t *Truth) shard(id string) *shard {
	return &t.shards[maphash.String(t.seed, id)%uint64(len(t.shards))]
}

// try counts a call and gives its number among the calls for this id.
func (t *Truth) try(provider, id string) int {
	s := t.shard(id)
	s.Lock()
	defer s.Unlock()
	v := s.history(id).visit(provider)
	v.tries++
	return v.tries
}

// take records a message. Within the window (negative: for ever) after the
// same provider took the same id it is a replay, which sends nothing.
func (t *Truth) take(provider string, m message, at time.Time, window time.Duration) Taken {
	s := t.shard(m.id)
	s.Lock()
	h := s.history(m.id)
	e := Taken{
		Provider: provider, Dispatch: m.id, Channel: m.channel, Address: m.address, Customer: m.customer,
		Text: hash(m.text), At: at, Resend: m.resend,
	}
	if old := h.visit(provider); old.vendorID != "" && (window < 0 || at.Sub(old.at) < window) {
		e.Replay, e.VendorID = true, old.vendorID
	} else {
		e.VendorID = provider + "-" + m.id + "-" + strconv.Itoa(h.messages)
	}
	s.add(h, e)
	s.Unlock()
	t.write(e)
	return e
}

func (t *Truth) write(e Taken) {
	if t.log == nil {
		return
	}
	line, err := json.Marshal(e)
	t.logging.Lock()
	defer t.logging.Unlock()
	if err == nil {
		_, err = t.log.Write(append(line, '\n'))
	}
	if err != nil && t.logErr == nil {
		t.logErr = err
	}
}

// Err is the first failure to write the log.
func (t *Truth) Err() error {
	t.logging.Lock()
	defer t.logging.Unlock()
	return t.logErr
}

// Load reads the log of an earlier run, so that its messages count and its ids
// are still known. A last line cut short by a crash is passed over.
func (t *Truth) Load(r io.Reader) error {
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		var e Taken
		if err == nil {
			err = json.Unmarshal(line, &e)
		}
		if err != nil {
			return touch.Errorf(touch.Invalid, "", "line %d of the log cannot be read: %w", n, err)
		}
		s := t.shard(e.Dispatch)
		s.Lock()
		s.add(s.history(e.Dispatch), e)
		s.Unlock()
	}
}

// Taken lists everything in the order of time, replays among it.
func (t *Truth) Taken() []Taken {
	var all []Taken
	for i := range t.shards {
		s := &t.shards[i]
		s.Lock()
		all = append(all, s.taken...)
		s.Unlock()
	}
	slices.SortStableFunc(all, func(a, b Taken) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Dispatch, b.Dispatch))
	})
	return all
}

// Messages counts the messages that went out for a dispatch, replays not.
func (t *Truth) Messages(dispatch string) int {
	s := t.shard(dispatch)
	s.Lock()
	defer s.Unlock()
	if h := s.byID[dispatch]; h != nil {
		return h.messages
	}
	return 0
}

// Counts sums up.
func (t *Truth) Counts() Counts {
	var c Counts
	for i := range t.shards {
		s := &t.shards[i]
		s.Lock()
		for _, h := range s.byID {
			if h.messages > 0 {
				c.Dispatches++
			}
			c.Messages += h.messages
			c.Replays += h.replays
			c.Resent += h.resent
			if h.messages-h.resent > 1 {
				c.Duplicated++
			}
		}
		s.Unlock()
	}
	return c
}

// Each calls f for every dispatch that reached a vendor, with the number of
// messages that went out and how many of them were meant as second ones.
func (t *Truth) Each(f func(dispatch string, messages, resent int)) {
	for i := range t.shards {
		s := &t.shards[i]
		s.Lock()
		for id, h := range s.byID {
			if h.messages > 0 {
				f(id, h.messages, h.resent)
			}
		}
		s.Unlock()
	}
}

// find gives the latest message of an id at a provider.
func (t *Truth) find(provider, id string) (known, bool) {
	s := t.shard(id)
	s.Lock()
	defer s.Unlock()
	if h := s.byID[id]; h != nil {
		k := h.visit(provider).known
		return k, k.vendorID != ""
	}
	return known{}, false
}

func hash(text string) string {
	h := fnv.New64a()
	h.Write([]byte(text))
	return strconv.FormatUint(h.Sum64(), 16)
}
