package httpapi

import (
	"sync"

	"touchgate.dev/touch"
)

// places bounds how many long requests one key has open at once. It is safe for
// concurrent use.
type places struct {
	each int // of one key

	mu   sync.Mutex
	open map[string]int
}

func newPlaces(each int) *places { return &places{each: each, open: map[string]int{}} }

// enter takes a place and returns what frees it; class TooMany.
func (p *places) enter(who string) (leave func(), _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[who] >= p.each {
		return nil, touch.Errorf(touch.TooMany, "", "this key has %d streams or waiting requests open already", p.each)
	}
	p.open[who]++
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.open[who]--
		if p.open[who] == 0 {
			delete(p.open, who)
		}
	}), nil
}
