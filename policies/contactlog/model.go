package contactlog

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Model is the contact log in plain Go, held in memory: what Redis is tested
// against, and what simulations use. It begins knowing everybody, with empty
// logs: it is the whole truth then. Use NewModel.
type Model struct {
	mu      sync.Mutex
	logs    map[string]*customerLog
	keep    time.Duration // of customers never met
	lostAll bool          // customers never met are unknown
}

// customerLog is one customer's log.
type customerLog struct {
	known    bool
	keep     time.Duration
	stored   bool // something was written; a log that was only looked at is as good as absent
	entries  map[string]Entry
	deferred map[string]deferred // commits that came while the log was unknown
}

// deferred is a settlement; a commit may wait for the log to be loaded.
type deferred struct {
	release bool
	at      int64 // ms, 0 keeps the time; of a release: of which reservation, 0 of any
	kind    Kind
	entry   *Entry // re-creates a missing one
}

var _ Log = (*Model)(nil)

// forever is longer than any rule looks back.
const forever = 1<<63 - 1

// NewModel makes a log that knows that nobody has been contacted yet.
func NewModel() *Model { return &Model{logs: map[string]*customerLog{}, keep: forever} }

// Lose forgets everything, as Redis does on FLUSHALL: every log is unknown
// until it is rehydrated.
func (m *Model) Lose() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.logs, m.lostAll = map[string]*customerLog{}, true
}

// invalidate makes every log unknown, as a raised epoch does. What the logs held is
// no longer believed, but for the commits.
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
	m.lostAll, m.keep = false, keep
}

func (m *Model) logOf(customer string) *customerLog {
	h := m.logs[customer]
	if h == nil {
		h = &customerLog{known: !m.lostAll, keep: m.keep, entries: map[string]Entry{}, deferred: map[string]deferred{}}
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
	e.Pending, e.At = true, fromMillis(millis(now))
	h.entries[e.ID], h.stored = e, true
	return Answer{Admitted: true}
}

// Settle implements Log.
func (m *Model) Settle(_ context.Context, ss []Settlement) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range ss {
		h, n := m.logOf(ss[i].Customer), deferredOf(&ss[i])
		if h.known {
			h.settle(ss[i].ID, n)
		} else if !n.release {
			h.deferred[ss[i].ID], h.stored = n.mergedWith(h.deferred[ss[i].ID]), true
		}
	}
	return nil
}

func deferredOf(s *Settlement) deferred {
	n := deferred{release: s.Release, kind: s.Kind}
	if !s.At.IsZero() {
		n.at = millis(s.At)
	}
	if s.Release {
		return n
	}
	if s.Entry != nil {
		e := *s.Entry
		e.ID, e.Pending, e.At = s.ID, true, fromMillis(millis(e.At))
		n.entry = &e
	}
	return n
}

// settle applies a note to a known log.
func (h *customerLog) settle(id string, n deferred) {
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

// commit gives e as a contact that was made at the time (the later of two, if
// it was committed before; 0 keeps it), of the stronger kind.
func (e Entry) commit(at int64, kind Kind) Entry {
	if at > 0 && (e.Pending || at > millis(e.At)) {
		e.At = fromMillis(at)
	}
	e.Pending, e.Kind = false, max(e.Kind, kind)
	return e
}

// mergedWith puts n on top of an older note, or of none.
func (n deferred) mergedWith(old deferred) deferred {
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
		// A pending one is not added to a known log: it may have been
		// released since the ledger was read.
	}
	if h.known {
		h.keep = max(h.keep, keep)
		return
	}
	h.known, h.keep = true, keep
	for id, n := range h.deferred {
		h.settle(id, n)
	}
	clear(h.deferred)
}
