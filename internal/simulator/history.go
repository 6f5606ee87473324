package simulator

import (
	"sync"
	"time"
)

// shard is one part of the message log, with a lock of its own.
type shard struct {
	sync.Mutex
	byID     map[string]*history // by dispatch id
	messages []ReceivedMessage
}

// history contains the counts of one dispatch id, over all providers.
type history struct {
	messages  int
	replays   int
	resent    int
	providers []providerHistory // the providers that were called with the id
}

// providerHistory is what one provider knows about a dispatch id.
type providerHistory struct {
	provider      string
	attempts      int // calls with the id
	vendorMessage     // the latest message, if there is one
}

// vendorMessage is a message as its vendor knows it.
type vendorMessage struct {
	at       time.Time
	vendorID string // "": there is no message
}

// at returns the history at one provider. It adds an empty one if there is none.
func (h *history) at(provider string) *providerHistory {
	for i := range h.providers {
		if h.providers[i].provider == provider {
			return &h.providers[i]
		}
	}
	h.providers = append(h.providers, providerHistory{provider: provider})
	return &h.providers[len(h.providers)-1]
}

// history returns the history of an id. It adds an empty one if there is none. The
// caller holds the lock.
func (s *shard) history(id string) *history {
	h := s.byID[id]
	if h == nil {
		h = &history{}
		s.byID[id] = h
	}
	return h
}

// add adds a message to the log. The caller holds the lock.
func (s *shard) add(h *history, e ReceivedMessage) {
	s.messages = append(s.messages, e)
	if e.Replay {
		h.replays++
		return
	}
	h.messages++
	if e.Resend && h.messages > 1 {
		h.resent++
	}
	h.at(e.Provider).vendorMessage = vendorMessage{e.At, e.VendorID}
}
