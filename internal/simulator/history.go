package simulator

import (
	"sync"
	"time"
)

// shard holds a part of the message log under one lock.
type shard struct {
	sync.Mutex
	byID     map[string]*history // by dispatch id
	messages []ReceivedMessage
}

// history is what is known of one dispatch id.
type history struct {
	messages  int
	replays   int
	resent    int
	providers []providerHistory // that were called with the id
}

// providerHistory is what one provider knows of a dispatch id.
type providerHistory struct {
	provider      string
	attempts      int // calls with the id
	vendorMessage     // the latest message, if there is one
}

// vendorMessage is a message as its vendor knows it.
type vendorMessage struct {
	at       time.Time
	vendorID string // "": none
}

// at returns the history at one provider.
func (h *history) at(provider string) *providerHistory {
	for i := range h.providers {
		if h.providers[i].provider == provider {
			return &h.providers[i]
		}
	}
	h.providers = append(h.providers, providerHistory{provider: provider})
	return &h.providers[len(h.providers)-1]
}

// history returns the history of an id. The caller holds the lock.
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
