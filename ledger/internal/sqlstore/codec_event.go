package sqlstore

import (
	"time"

	"touchgate.dev/touch"
)

// An event is written as a set of bits, one for each field that is not zero,
// and these fields. A touch's id comes before, so that the events of one touch
// can be told without reading the rest.
const (
	hasKey = 1 << iota
	hasCaller
	hasCustomer
	hasCampaign
	hasState
	hasLeg
	hasChannel
	hasAttempt
	hasUntil
	hasReason
	hasOutcome
	hasActor
	hasResult
	hasVerdict
)

func eventBits(e *touch.Event) (bits uint64) {
	set := func(bit uint64, on bool) {
		if on {
			bits |= bit
		}
	}
	set(hasKey, e.Key != "")
	set(hasCaller, e.Caller != "")
	set(hasCustomer, e.Customer != "")
	set(hasCampaign, e.Campaign != "")
	set(hasState, e.State != "")
	set(hasLeg, e.Leg != 0)
	set(hasChannel, e.Channel != "")
	set(hasAttempt, e.Attempt != 0)
	set(hasUntil, !e.Until.IsZero())
	set(hasReason, e.Reason != "")
	set(hasOutcome, e.Outcome != "")
	set(hasActor, e.Actor != "")
	set(hasResult, e.Result != nil)
	set(hasVerdict, e.Verdict != nil)
	return bits
}

func (w *writer) event(e *touch.Event) {
	bits := eventBits(e)
	w.raw(e.Touch[:])
	w.uint(bits)
	w.word(string(e.Kind))
	w.time(e.At)
	words := [...]struct {
		bit  uint64
		text string
	}{
		{hasCaller, e.Caller}, {hasCampaign, e.Campaign}, {hasState, string(e.State)}, {hasChannel, string(e.Channel)},
		{hasReason, e.Reason}, {hasOutcome, e.Outcome}, {hasActor, e.Actor},
	}
	for _, f := range words {
		if bits&f.bit != 0 {
			w.word(f.text)
		}
	}
	if bits&hasKey != 0 {
		w.text(e.Key)
	}
	if bits&hasCustomer != 0 {
		w.text(e.Customer)
	}
	if bits&hasLeg != 0 {
		w.int(int64(e.Leg))
	}
	if bits&hasAttempt != 0 {
		w.int(int64(e.Attempt))
	}
	if bits&hasUntil != 0 {
		w.time(e.Until)
	}
	if e.Result != nil {
		w.result(e.Result)
	}
	if e.Verdict != nil {
		w.verdict(e.Verdict)
	}
}

func (r *reader) event(e *touch.Event) {
	copy(e.Touch[:], r.raw(len(e.Touch)))
	bits := r.uint()
	e.Kind = touch.EventKind(r.word())
	e.At = r.time()
	word := func(bit uint64) string {
		if bits&bit == 0 {
			return ""
		}
		return r.word()
	}
	e.Caller, e.Campaign = word(hasCaller), word(hasCampaign)
	e.State, e.Channel = touch.State(word(hasState)), touch.Channel(word(hasChannel))
	e.Reason, e.Outcome, e.Actor = word(hasReason), word(hasOutcome), word(hasActor)
	if bits&hasKey != 0 {
		e.Key = r.text()
	}
	if bits&hasCustomer != 0 {
		e.Customer = r.text()
	}
	if bits&hasLeg != 0 {
		e.Leg = int(r.int())
	}
	if bits&hasAttempt != 0 {
		e.Attempt = int(r.int())
	}
	if bits&hasUntil != 0 {
		e.Until = r.time()
	}
	if bits&hasResult != 0 {
		e.Result = r.result()
	}
	if bits&hasVerdict != 0 {
		e.Verdict = r.verdict()
	}
}

func (w *writer) result(x *touch.Result) {
	w.uint(uint64(x.Class))
	w.word(x.Reason)
	w.word(x.Provider)
	w.text(x.VendorID)
	w.word(x.Code)
	w.word(x.Detail)
	w.int(int64(x.RetryAfter))
	w.bool(x.NoAttempt)
}

func (r *reader) result() *touch.Result {
	x := &touch.Result{
		Class: touch.ResultClass(r.uint()), Reason: r.word(), Provider: r.word(), VendorID: r.text(),
		Code: r.word(), Detail: r.word(), RetryAfter: time.Duration(r.int()), NoAttempt: r.bool(),
	}
	if x.Class > touch.Misconfigured {
		r.fail()
	}
	return x
}

func (w *writer) verdict(v *touch.Verdict) {
	for _, s := range [...]string{string(v.Decision), v.Rule, v.Kind, string(v.Channel), v.Policy} {
		w.word(s)
	}
	w.time(v.Until)
	w.time(v.At)
	w.int(v.Customer)
	w.uint(uint64(len(v.Findings)))
	for i := range v.Findings {
		w.finding(&v.Findings[i])
	}
	w.uint(uint64(len(v.Duties)))
	for _, d := range v.Duties {
		w.word(d)
	}
}

func (r *reader) verdict() *touch.Verdict {
	v := &touch.Verdict{
		Decision: touch.Decision(r.word()), Rule: r.word(), Kind: r.word(), Channel: touch.Channel(r.word()),
		Policy: r.word(), Until: r.time(), At: r.time(), Customer: r.int(),
	}
	if n := r.count(); n > 0 {
		v.Findings = make([]touch.Finding, n)
		for i := range v.Findings {
			r.finding(&v.Findings[i])
		}
	}
	if n := r.count(); n > 0 {
		v.Duties = make([]string, n)
		for i := range v.Duties {
			v.Duties[i] = r.word()
		}
	}
	return v
}

func (w *writer) finding(f *touch.Finding) {
	for _, s := range [...]string{f.Rule, f.Kind, string(f.Decision), f.Reason, f.Evidence} {
		w.word(s)
	}
	w.time(f.Until)
	w.int(int64(f.Count))
	w.int(int64(f.Limit))
	w.time(f.Since)
	w.bool(f.Shadow)
	w.bool(f.Excused)
}

func (r *reader) finding(f *touch.Finding) {
	*f = touch.Finding{
		Rule: r.word(), Kind: r.word(), Decision: touch.Decision(r.word()), Reason: r.word(), Evidence: r.word(),
		Until: r.time(), Count: int(r.int()), Limit: int(r.int()), Since: r.time(), Shadow: r.bool(), Excused: r.bool(),
	}
}
