package policies

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// evaluation is the working memory of judging one question. It is used by one
// goroutine at a time and goes back to the set's pool.
type evaluation struct {
	set  *Set
	q    *Question
	leg  *touch.Leg
	log  contactlog.Snapshot
	pair int // of the leg, see pairOf

	t     time.Time // the instant being judged
	stamp uint32    // counts the instants judged
	// change is the first instant after t at which an answer given since it
	// was last reset may change; evidence is what the last consent rests on.
	change   time.Time
	evidence string
	running  *condition

	memo   []memo // of conditions
	clocks []clocks
	zones  []*time.Location // the customer's; empty when not known
	times  []int64          // of the contacts that count, see count
	own    contactlog.Entry
	boxed  []any // the texts as CEL has them

	// For a guard: caps are not judged but taken down.
	asking     bool
	asks       []contactlog.Question
	shadowCaps bool
}

type memo struct {
	stamp    uint32
	truth    truth
	change   time.Time
	evidence string
}

type clocks struct {
	stamp  uint32
	locals []calendar.Local
}

func newEvaluation(s *Set) *evaluation {
	return &evaluation{set: s, memo: make([]memo, s.memos), clocks: make([]clocks, s.places), boxed: make([]any, len(texts))}
}

// begin prepares an evaluation; end gives it back.
func (s *Set) begin(q *Question, log contactlog.Snapshot) *evaluation {
	e := s.pool.Get().(*evaluation)
	e.q, e.leg, e.log = q, &q.Touch.Plan[q.Leg], log
	e.pair = pairOf(q.Touch.Category, e.leg.Channel)
	e.zones, e.own = e.zones[:0], contactlog.Entry{}
	clear(e.boxed)
	e.asking, e.asks, e.shadowCaps = false, e.asks[:0], false
	if q.Customer != nil {
		for _, name := range q.Customer.Zones {
			zone := s.zone(name)
			if zone == nil { // a zone that does not exist: nothing is known
				e.zones = e.zones[:0]
				break
			}
			e.zones = append(e.zones, zone)
		}
	}
	e.at(q.Now)
	return e
}

func (e *evaluation) end() {
	e.q, e.leg, e.log = nil, nil, contactlog.Snapshot{}
	e.set.pool.Put(e)
}

// at moves the evaluation to another instant.
func (e *evaluation) at(t time.Time) {
	e.t = t
	e.stamp++
}

// entry is the contact that the question is about.
func (e *evaluation) entry() *contactlog.Entry {
	if e.own.ID == "" {
		e.own = EntryOf(*e.q)
	}
	return &e.own
}

func (e *evaluation) id() string { return e.entry().ID }

// binds reports whether the rule's document binds this customer. One whose
// jurisdiction is not known is bound by all.
func (e *evaluation) binds(d *document) bool {
	if len(d.jurisdictions) == 0 || e.q.Customer == nil || len(e.q.Customer.Jurisdictions) == 0 {
		return true
	}
	return slices.ContainsFunc(d.jurisdictions, e.lives)
}

// lives reports whether the customer lives under a law: who lives in "us-ca"
// lives in "us" too.
func (e *evaluation) lives(law string) bool {
	for _, home := range e.q.Customer.Jurisdictions {
		n := len(law)
		if len(home) >= n && strings.EqualFold(home[:n], law) && (len(home) == n || home[n] == '-') {
			return true
		}
	}
	return false
}

// rules gives those that may apply to the leg.
func (e *evaluation) rules() []*rule {
	if e.pair < 0 {
		return e.set.rules
	}
	return e.set.index[e.pair]
}

// hold says from when on r may hold, as demand.holds does, with everything
// around the demand: dates, jurisdiction, condition, excuses. It fills f, and
// leaves f.Decision empty when the rule does not apply.
func (e *evaluation) hold(r *rule, f *touch.Finding) time.Time {
	e.change = never
	if !e.applies(r) {
		return e.t
	}
	if f != nil {
		f.Decision = touch.DecisionAllow
	}
	_, isCap := r.demand.(*limits)
	if isCap && e.asking && e.excused(r, f) { // before a place is asked for
		return e.t
	}
	next := r.demand.holds(e, r, f)
	if next.Equal(e.t) || e.excused(r, f) {
		return e.t
	}
	if !e.change.IsZero() && (next.IsZero() || e.change.Before(next)) {
		next = e.change
	}
	if f != nil {
		f.Decision = r.decide
	}
	return next
}

// applies reports whether r binds this leg at this instant; a doubt binds,
// unless that is in the sender's favour.
func (e *evaluation) applies(r *rule) bool {
	if !e.binds(r.doc) || !e.inForce(r.doc.from, r.doc.until, r.doc.place) || !e.inForce(r.from, r.until, r.doc.place) {
		return false
	}
	if r.when == nil {
		return true
	}
	holds := e.judge(r.when)
	if _, lenient := r.demand.(uncounted); lenient {
		return holds == yes
	}
	return holds != no
}

// excused reports whether something sets the rule aside at this instant.
func (e *evaluation) excused(r *rule, f *touch.Finding) bool {
	by := ""
	if r.unless != nil && e.judge(r.unless) == yes {
		by = e.evidence
	} else if p := r.presumption; p != nil && p.by != "" && e.inForce(moment{}, p.until, r.doc.place) {
		by = "signed off by " + p.by
	} else if w := e.waived(r); w != nil {
		by = "waived by " + w.by
	} else if u := e.uncounted(r); u != nil {
		by = "uncounted by " + u.id
	} else {
		return false
	}
	if f != nil {
		f.Excused, f.Evidence = true, by
	}
	return true
}

func (e *evaluation) waived(r *rule) *waiver {
	for i := range r.waivers {
		w := &r.waivers[i]
		if e.inForce(w.from, w.until, r.doc.place) && (w.when == nil || e.judge(w.when) == yes) {
			return w
		}
	}
	return nil
}

// Evaluate judges q against every rule. It is pure: the same question, log and
// set give the same verdict. Every rule that applies leaves a finding; the
// strictest decision stands; and a deferral names the first instant at which
// all rules hold together if nothing else happens. Where no such instant lies
// within the horizon it is a refusal. A log that is not Known blocks every cap
// for a minute.
func (s *Set) Evaluate(q Question, log contactlog.Snapshot) touch.Verdict {
	e := s.begin(&q, log)
	defer e.end()
	return e.verdict()
}

func (e *evaluation) verdict() touch.Verdict {
	rules := e.rules()
	v := touch.Verdict{Decision: touch.DecisionAllow, Channel: e.leg.Channel, At: e.q.Now, Policy: e.set.hash}
	if e.q.Customer != nil {
		v.Customer = e.q.Customer.Version
	}
	if e.pair < 0 {
		v.Decision, v.Rule, v.Kind = touch.DecisionRefuse, "touchgate/words", "require"
		v.Findings = []touch.Finding{{Rule: v.Rule, Kind: v.Kind, Decision: touch.DecisionRefuse, Reason: "the category or channel is unknown"}}
		return v
	}
	findings, n := make([]touch.Finding, len(rules)), 0
	for _, r := range rules {
		f := &findings[n]
		next := e.hold(r, f)
		if f.Decision == "" {
			*f = touch.Finding{} // the rule does not apply: its place is the next one's
			continue
		}
		n++
		f.Rule, f.Kind, f.Shadow = r.id, cmp.Or(f.Kind, r.kind), r.shadow
		if d, ok := r.demand.(*duty); ok && !r.shadow && f.Decision == touch.DecisionAllow && !f.Excused {
			v.Duties = append(v.Duties, d.names...)
		}
		if f.Decision != touch.DecisionAllow {
			f.Until = e.settle(next, r)
			if f.Until.IsZero() {
				f.Decision = touch.DecisionRefuse
			}
			if r.presumption != nil {
				f.Reason += " (a presumption: a named sign-off may set it aside)"
			}
			if !r.shadow && touch.Stricter(v.Decision, f.Decision) != v.Decision {
				v.Decision, v.Rule, v.Kind = f.Decision, f.Rule, f.Kind
			}
		}
	}
	v.Findings = findings[:n]
	// While the caps are only being taken down, the instant would be half the truth.
	if v.Decision == touch.DecisionDefer && len(e.asks) == 0 {
		e.together(&v, rules)
	}
	return v
}

// The most instants looked at before "never" is the answer: far more than the
// horizon has openings.
const maxSteps = 10_000

// settle finds the first instant from t on at which one rule holds by itself,
// and leaves the evaluation at now.
func (e *evaluation) settle(t time.Time, r *rule) time.Time {
	defer e.at(e.q.Now)
	limit := e.q.Now.Add(calendar.Horizon)
	for range maxSteps {
		if t.IsZero() || t.After(limit) {
			return never
		}
		e.at(t)
		next := e.hold(r, nil)
		if next.Equal(t) {
			return t
		}
		t = next
	}
	return never
}

// together finds the first instant at which all rules hold together. Each rule
// names an instant before which it surely does not hold, so the latest of
// these is a lower bound; go there and ask again until nobody objects.
func (e *evaluation) together(v *touch.Verdict, rules []*rule) {
	defer e.at(e.q.Now)
	limit := e.q.Now.Add(calendar.Horizon)
	t := e.q.Now
	for range maxSteps {
		e.at(t)
		latest, by := t, (*rule)(nil)
		for _, r := range rules {
			if r.shadow {
				continue
			}
			next := e.hold(r, nil)
			if next.IsZero() || next.After(limit) {
				v.Decision, v.Rule, v.Kind = touch.DecisionRefuse, r.id, r.kind
				return
			}
			if next.After(latest) {
				latest, by = next, r
			}
		}
		if by == nil {
			v.Until = t
			return
		}
		t = latest
	}
	v.Decision = touch.DecisionRefuse
}
