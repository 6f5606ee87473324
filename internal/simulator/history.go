package simulator

import (
	"sync"
	"time"
)

// shard holds a part of the truth under one lock.
type shard struct {
	sync.Mutex
	byID     map[string]*history // by dispatch id
	messages []ReceivedMessage
}

// history is what is known of one id.
type history struct {
	messages  int
	replays   int
	resent    int
	providers []providerHistory // one for each provider that was called with it
}

// providerHistory is one id at one provider.
type providerHistory struct {
	provider      string
	attempts      int // calls seen
	vendorMessage     // the latest message, where there is one
}

type vendorMessage struct {
	at       time.Time
	vendorID string // "": none
}

func (h *history) at(provider string) *providerHistory {
	for i := range h.providers {
		if h.providers[i].provider == provider {
			return &h.providers[i]
		}
	}
	h.providers = append(h.providers, providerHistory{provider: provider})
	return &h.providers[len(h.providers)-1]
}

func (s *shard) history(id string) *history {
	h := s.byID[id]
	if h == nil {
		h = &history{}
		s.byID[id] = h
	}
	return h
}

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
