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

// ReceivedMessage is one message that a simulated vendor received.
type ReceivedMessage struct {
	Provider string        `json:"provider"`
	Dispatch string        `json:"dispatch"`
	Channel  touch.Channel `json:"channel,omitempty"`
	Address  string        `json:"address,omitempty"`  // on channels that use addresses
	Customer string        `json:"customer,omitempty"` // on channels that use customer ids
	Text     string        `json:"text,omitempty"`     // a hash of the text
	At       time.Time     `json:"at"`
	VendorID string        `json:"vendor_id"`
	// Replay means that the vendor recognised the id and sent no second message.
	Replay bool `json:"replay,omitempty"`
	// Resend means that the sender marked the message as an intentional second send.
	Resend bool `json:"resend,omitempty"`
}

// Counts are sums over the log.
type Counts struct {
	Dispatches int `json:"dispatches"` // different ids that reached a vendor
	Messages   int `json:"messages"`   // messages that went out
	Replays    int `json:"replays"`    // repeats that the vendor recognised
	Duplicated int `json:"duplicated"` // ids with a second message that is not marked as Resend
	Resent     int `json:"resent"`     // second messages marked as Resend
}

// MessageLog contains the messages that all providers received. It is safe for
// concurrent use.
type MessageLog struct {
	seed   maphash.Seed
	shards [64]shard

	logging sync.Mutex
	log     io.Writer
	logErr  error
}

func newMessageLog(log io.Writer) *MessageLog {
	l := &MessageLog{seed: maphash.MakeSeed(), log: log}
	for i := range l.shards {
		l.shards[i].byID = map[string]*history{}
	}
	return l
}

func (l *MessageLog) shard(id string) *shard {
	return &l.shards[maphash.String(l.seed, id)%uint64(len(l.shards))]
}

// countAttempt counts a call with an id at a provider, and returns its number, from 1.
func (l *MessageLog) countAttempt(provider, id string) int {
	s := l.shard(id)
	s.Lock()
	defer s.Unlock()
	v := s.history(id).at(provider)
	v.attempts++
	return v.attempts
}

// add adds a message to the log and returns it. The message is a replay if the same
// provider received the same id within the window before at; a negative window has no
// limit.
func (l *MessageLog) add(provider string, m message, at time.Time, window time.Duration) ReceivedMessage {
	s := l.shard(m.id)
	s.Lock()
	h := s.history(m.id)
	e := ReceivedMessage{
		Provider: provider, Dispatch: m.id, Channel: m.channel, Address: m.address, Customer: m.customer,
		Text: hash(m.text), At: at, Resend: m.resend,
	}
	if old := h.at(provider); old.vendorID != "" && (window < 0 || at.Sub(old.at) < window) {
		e.Replay = true
		e.VendorID = old.vendorID
	} else {
		e.VendorID = provider + "-" + m.id + "-" + strconv.Itoa(h.messages)
	}
	s.add(h, e)
	s.Unlock()
	l.write(e)
	return e
}

// write writes a message to Options.Log. It keeps the first error for Err.
func (l *MessageLog) write(e ReceivedMessage) {
	if l.log == nil {
		return
	}
	line, err := json.Marshal(e)
	l.logging.Lock()
	defer l.logging.Unlock()
	if err == nil {
		_, err = l.log.Write(append(line, '\n'))
	}
	if err != nil && l.logErr == nil {
		l.logErr = err
	}
}

// Err returns the first error from writing to Options.Log, or nil.
func (l *MessageLog) Err() error {
	l.logging.Lock()
	defer l.logging.Unlock()
	return l.logErr
}

// Load reads the lines that an earlier run wrote to Options.Log and adds their messages,
// so that they count and their ids are recognised. It ignores an incomplete last line,
// which a crash may leave. It returns an error of class Invalid for another line that it
// cannot read.
func (l *MessageLog) Load(r io.Reader) error {
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
		s := l.shard(e.Dispatch)
		s.Lock()
		s.add(s.history(e.Dispatch), e)
		s.Unlock()
	}
}

// All returns all messages in order of time, with the replays.
func (l *MessageLog) All() []ReceivedMessage {
	var all []ReceivedMessage
	for i := range l.shards {
		s := &l.shards[i]
		s.Lock()
		all = append(all, s.messages...)
		s.Unlock()
	}
	slices.SortStableFunc(all, func(a, b ReceivedMessage) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Dispatch, b.Dispatch))
	})
	return all
}

// Count returns how many messages went out for a dispatch id, over all providers.
// Replays do not count.
func (l *MessageLog) Count(dispatch string) int {
	s := l.shard(dispatch)
	s.Lock()
	defer s.Unlock()
	if h := s.byID[dispatch]; h != nil {
		return h.messages
	}
	return 0
}

// Counts returns sums over the log.
func (l *MessageLog) Counts() Counts {
	var c Counts
	for i := range l.shards {
		s := &l.shards[i]
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

// Each calls f for every dispatch id that reached a vendor, with the number of
// messages and how many second ones are marked as Resend. f must not call methods of
// the log, because Each holds a lock.
func (l *MessageLog) Each(f func(dispatch string, messages, resent int)) {
	for i := range l.shards {
		s := &l.shards[i]
		s.Lock()
		for id, h := range s.byID {
			if h.messages > 0 {
				f(id, h.messages, h.resent)
			}
		}
		s.Unlock()
	}
}

// latest returns the latest message of an id at a provider, and whether there is one.
func (l *MessageLog) latest(provider, id string) (vendorMessage, bool) {
	s := l.shard(id)
	s.Lock()
	defer s.Unlock()
	if h := s.byID[id]; h != nil {
		k := h.at(provider).vendorMessage
		return k, k.vendorID != ""
	}
	return vendorMessage{}, false
}

// hash returns a hash of a message's text, because the log must not contain the text.
func hash(text string) string {
	h := fnv.New64a()
	h.Write([]byte(text))
	return strconv.FormatUint(h.Sum64(), 16)
}
