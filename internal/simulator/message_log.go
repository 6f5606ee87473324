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

// ReceivedMessage is one message that a vendor really took.
type ReceivedMessage struct {
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

// MessageLog is what all vendors together took. It is safe for concurrent use.
type MessageLog struct {
	seed   maphash.Seed
	shards [64]shard

	logging sync.Mutex
	log     io.Writer
	logErr  error
}

func newMessageLog(log io.Writer) *MessageLog {
	t := &MessageLog{seed: maphash.MakeSeed(), log: log}
	for i := range t.shards {
		t.shards[i].byID = map[string]*history{}
	}
	return t
}

func (t *MessageLog) shard(id string) *shard {
	return &t.shards[maphash.String(t.seed, id)%uint64(len(t.shards))]
}

// countAttempt counts a call and gives its number among the calls for this id.
func (t *MessageLog) countAttempt(provider, id string) int {
	s := t.shard(id)
	s.Lock()
	defer s.Unlock()
	v := s.history(id).at(provider)
	v.attempts++
	return v.attempts
}

// add records a message. Within the window (negative: for ever) after the
// same provider took the same id it is a replay, which sends nothing.
func (t *MessageLog) add(provider string, m message, at time.Time, window time.Duration) ReceivedMessage {
	s := t.shard(m.id)
	s.Lock()
	h := s.history(m.id)
	e := ReceivedMessage{
		Provider: provider, Dispatch: m.id, Channel: m.channel, Address: m.address, Customer: m.customer,
		Text: hash(m.text), At: at, Resend: m.resend,
	}
	if old := h.at(provider); old.vendorID != "" && (window < 0 || at.Sub(old.at) < window) {
		e.Replay, e.VendorID = true, old.vendorID
	} else {
		e.VendorID = provider + "-" + m.id + "-" + strconv.Itoa(h.messages)
	}
	s.add(h, e)
	s.Unlock()
	t.write(e)
	return e
}

func (t *MessageLog) write(e ReceivedMessage) {
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
func (t *MessageLog) Err() error {
	t.logging.Lock()
	defer t.logging.Unlock()
	return t.logErr
}

// Load reads the log of an earlier run, so that its messages count and its ids
// are still known. A last line cut short by a crash is passed over.
func (t *MessageLog) Load(r io.Reader) error {
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		var e ReceivedMessage
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

// All lists everything in the order of time, replays among it.
func (t *MessageLog) All() []ReceivedMessage {
	var all []ReceivedMessage
	for i := range t.shards {
		s := &t.shards[i]
		s.Lock()
		all = append(all, s.messages...)
		s.Unlock()
	}
	slices.SortStableFunc(all, func(a, b ReceivedMessage) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Dispatch, b.Dispatch))
	})
	return all
}

// Count counts the messages that went out for a dispatch, replays not.
func (t *MessageLog) Count(dispatch string) int {
	s := t.shard(dispatch)
	s.Lock()
	defer s.Unlock()
	if h := s.byID[dispatch]; h != nil {
		return h.messages
	}
	return 0
}

// Counts sums up.
func (t *MessageLog) Counts() Counts {
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
func (t *MessageLog) Each(f func(dispatch string, messages, resent int)) {
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

// latest gives the latest message of an id at a provider.
func (t *MessageLog) latest(provider, id string) (vendorMessage, bool) {
	s := t.shard(id)
	s.Lock()
	defer s.Unlock()
	if h := s.byID[id]; h != nil {
		k := h.at(provider).vendorMessage
		return k, k.vendorID != ""
	}
	return vendorMessage{}, false
}

func hash(text string) string {
	h := fnv.New64a()
	h.Write([]byte(text))
	return strconv.FormatUint(h.Sum64(), 16)
}
