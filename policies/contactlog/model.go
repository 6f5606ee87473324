package contactlog

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Model is the contact log in plain Go, in memory: the reference that Redis is
// tested against, and the log of simulations. At first it knows every customer,
// with an empty log. Make it with NewModel; it is safe for concurrent use.
type Model struct {
	mu      sync.Mutex
	logs    map[string]*customerLog
	keep    time.Duration // of customers never met
	lostAll bool          // customers without a log are unknown
}

// customerLog is one customer's log.
type customerLog struct {
	known    bool
	keep     time.Duration
	stored   bool // something was written; otherwise it is as good as absent
	entries  map[string]Entry
	deferred map[string]change // commits that wait for the log to be loaded
}

// change is what a settlement does to an entry.
type change struct {
	release bool
	at      int64 // ms; 0 keeps the time; of a release: when the reservation was made, 0 for any
	kind    Kind
	entry   *Entry // creates a missing one again
}

var _ Log = (*Model)(nil)

// forever is further back than any rule looks.
const forever = 1<<63 - 1

// NewModel makes a log that knows that nobody was contacted yet.
func NewModel() *Model { return &Model{logs: map[string]*customerLog{}, keep: forever} }

// Lose drops everything, as FLUSHALL does in Redis. Every log is unknown until it
// is rehydrated.
func (m *Model) Lose() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.logs = map[string]*customerLog{}
	m.lostAll = true
}

// invalidate makes every log unknown, as a raised epoch does. Of what the
// logs held only the commits count.
func (m *Model) invalidate() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, h := range m.logs {
		h.known = false
	}
	m.lostAll = true
}

// markComplete loads what is known of anybody, and knows from then on that nobody
// else was contacted, as Redis does by Rebuild.
func (m *Model) markComplete(logs map[string][]Entry, keep time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.lostAll && m.keep >= keep {
		return
	}
	for c, es := range logs {
		if len(es) > 0 {
			m.logOf(c).load(es, keep)
		}
	}
	maps.DeleteFunc(m.logs, func(_ string, h *customerLog) bool { return !h.stored })
	m.lostAll = false
	m.keep = keep
}

func (m *Model) logOf(customer string) *customerLog {
	h := m.logs[customer]
	if h == nil {
		h = &customerLog{known: !m.lostAll, keep: m.keep, entries: map[string]Entry{}, deferred: map[string]change{}}
		m.logs[customer] = h
	}
	return h
}

// Read implements Log.
func (m *Model) Read(_ context.Context, customers []string) ([]Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	shots := make([]Snapshot, len(customers))
	for i, c := range customers {
		if h := m.logOf(c); h.known {
			shots[i] = Snapshot{Known: true, Entries: h.list(), Keep: h.keep}
		}
	}
	return shots, nil
}

func (h *customerLog) list() []Entry {
	es := slices.AppendSeq(make([]Entry, 0, len(h.entries)), maps.Values(h.entries))
	sortEntries(es)
	return es
}

// Reserve implements Log.
func (m *Model) Reserve(_ context.Context, rs []Reservation, now time.Time) ([]Answer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	answers := make([]Answer, len(rs))
	for i := range rs {
		answers[i] = m.logOf(rs[i].Customer).reserve(&rs[i], now)
	}
	return answers, nil
}

func (h *customerLog) reserve(r *Reservation, now time.Time) Answer {
	if !h.known || r.Keep > h.keep {
		return Answer{Unknown: true}
	}
	if e, ok := h.entries[r.Entry.ID]; ok {
		if e.Pending {
			e.At = fromMillis(millis(now))
			h.entries[e.ID] = e
		}
		return Answer{Admitted: true, Already: true}
	}
	maps.DeleteFunc(h.entries, func(_ string, e Entry) bool {
		return !e.Pending && millis(e.At) < millis(now)-h.keep.Milliseconds()
	})
	entries := h.list()
	for i := range r.Questions {
		if q := &r.Questions[i]; q.Count(entries) >= q.Limit {
			return Answer{Denied: i, Entries: entries}
		}
	}
	e := r.Entry
	e.Pending = true
	e.At = fromMillis(millis(now))
	h.entries[e.ID] = e
	h.stored = true
	return Answer{Admitted: true}
}

// Settle implements Log.
func (m *Model) Settle(_ context.Context, ss []Settlement) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range ss {
		h, n := m.logOf(ss[i].Customer), changeOf(&ss[i])
		if h.known {
			h.settle(ss[i].ID, n)
		} else if !n.release {
			h.deferred[ss[i].ID], h.stored = n.mergedWith(h.deferred[ss[i].ID]), true
		}
	}
	return nil
}

func changeOf(s *Settlement) change {
	n := change{release: s.Release, kind: s.Kind}
	if !s.At.IsZero() {
		n.at = millis(s.At)
	}
	if s.Release {
		return n
	}
	if s.Entry != nil {
		e := *s.Entry
		e.ID = s.ID
		e.Pending = true
		e.At = fromMillis(millis(e.At))
		n.entry = &e
	}
	return n
}

// settle applies a change to a known log.
func (h *customerLog) settle(id string, n change) {
	e, ok := h.entries[id]
	switch {
	case n.release && ok && e.Pending && (n.at == 0 || n.at == millis(e.At)):
		delete(h.entries, id)
	case n.release:
	case ok:
		h.entries[id] = e.commit(n.at, n.kind)
	case n.entry != nil:
		h.entries[id], h.stored = n.entry.commit(n.at, n.kind), true
	}
}

// commit returns the entry as a contact that was made at a time; 0 keeps the
// time. If it was committed before, the later time and the stronger kind win.
func (e Entry) commit(at int64, kind Kind) Entry {
	if at > 0 && (e.Pending || at > millis(e.At)) {
		e.At = fromMillis(at)
	}
	e.Pending = false
	e.Kind = max(e.Kind, kind)
	return e
}

// mergedWith returns one change with the effect of an older one and of n.
func (n change) mergedWith(old change) change {
	n.at, n.kind = max(n.at, old.at), max(n.kind, old.kind)
	if n.entry == nil {
		n.entry = old.entry
	}
	return n
}

// Rehydrate implements Log.
func (m *Model) Rehydrate(ctx context.Context, customers []string, keep time.Duration, load Loader) error {
	logs, err := load(ctx, customers)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range customers {
		m.logOf(c).load(logs[c], keep)
	}
	return nil
}

func (h *customerLog) load(entries []Entry, keep time.Duration) {
	had := h.entries
	h.stored = true
	if !h.known {
		h.entries = map[string]Entry{}
	}
	for _, e := range entries {
		e.At = fromMillis(millis(e.At))
		old, ok := had[e.ID]
		switch {
		case !h.known && ok && !old.Pending:
			h.entries[e.ID] = e.commit(millis(old.At), old.Kind)
		case !h.known || (!ok && !e.Pending):
			h.entries[e.ID] = e
		case ok && !e.Pending:
			h.entries[e.ID] = old.commit(millis(e.At), e.Kind)
		}
		// A pending entry is not added to a known log: it may have been
		// released after the ledger was read.
	}
	if h.known {
		h.keep = max(h.keep, keep)
		return
	}
	h.known = true
	h.keep = keep
	for id, n := range h.deferred {
		h.settle(id, n)
	}
	clear(h.deferred)
}
