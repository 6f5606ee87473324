package simulator

import (
	"sync"
	"time"
)

// shard holds a part of the truth under one lock.
type shard struct {
	sync.Mutex
	byID  map[string]*history // by dispatch id
	taken []Taken
}

// history is what is known of one id.
type history struct {
	messages int
	replays  int
	resent   int
	at       []visit // one for each provider that was called with it
}

// visit is one id at one provider.
type visit struct {
	provider string
	tries    int // calls seen
	known        // the latest message, where there is one
}

type known struct {
	at       time.Time
	vendorID string // "": none
}

func (h *history) visit(provider string) *visit {
	for i := range h.at {
		if h.at[i].provider == provider {
			return &h.at[i]
		}
	}
	h.at = append(h.at, visit{provider: provider})
	return &h.at[len(h.at)-1]
}

func (s *shard) history(id string) *history {
	h := s.byID[id]
	if h == nil {
		h = &history{}
		s.byID[id] = h
	}
	return h
}

func (s *shard) add(h *history, e Taken) {
	s.taken = append(s.taken, e)
	if e.Replay {
		h.replays++
		return
	}
	h.messages++
	if e.Resend && h.messages > 1 {
		h.resent++
	}
	h.visit(e.Provider).known = known{e.At, e.VendorID}
}
