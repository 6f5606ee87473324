package journal

import (
	"time"

	"touchgate.dev/ledger/internal/wire"
	"touchgate.dev/touch"
)

// An event is stored as its touch's id, a set of bits (one for each field that
// is not zero) and those fields. The id comes first, so that a reader can tell
// whose event it is. The order of bits and fields is the stored format: add new
// ones at the end.
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

// eventBits is the set of fields of e that are not zero.
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

func writeEvent(w *wire.Writer, e *touch.Event) {
	bits := eventBits(e)
	w.Raw(e.Touch[:])
	w.Uint(bits)
	w.Interned(string(e.Kind))
	w.Time(e.At)
	interned := [...]struct {
		bit  uint64
		text string
	}{
		{hasCaller, e.Caller},
		{hasCampaign, e.Campaign},
		{hasState, string(e.State)},
		{hasChannel, string(e.Channel)},
		{hasReason, e.Reason},
		{hasOutcome, e.Outcome},
		{hasActor, e.Actor},
	}
	for _, f := range interned {
		if bits&f.bit != 0 {
			w.Interned(f.text)
		}
	}
	if bits&hasKey != 0 {
		w.Text(e.Key)
	}
	if bits&hasCustomer != 0 {
		w.Text(e.Customer)
	}
	if bits&hasLeg != 0 {
		w.Int(int64(e.Leg))
	}
	if bits&hasAttempt != 0 {
		w.Int(int64(e.Attempt))
	}
	if bits&hasUntil != 0 {
		w.Time(e.Until)
	}
	if e.Result != nil {
		writeResult(w, e.Result)
	}
	if e.Verdict != nil {
		writeVerdict(w, e.Verdict)
	}
}

func readEvent(r *wire.Reader, e *touch.Event) {
	copy(e.Touch[:], r.Raw(len(e.Touch)))
	bits := r.Uint()
	e.Kind = touch.EventKind(r.Interned())
	e.At = r.Time()
	interned := func(bit uint64) string {
		if bits&bit == 0 {
			return ""
		}
		return r.Interned()
	}
	e.Caller = interned(hasCaller)
	e.Campaign = interned(hasCampaign)
	e.State = touch.State(interned(hasState))
	e.Channel = touch.Channel(interned(hasChannel))
	e.Reason = interned(hasReason)
	e.Outcome = interned(hasOutcome)
	e.Actor = interned(hasActor)
	if bits&hasKey != 0 {
		e.Key = r.Text()
	}
	if bits&hasCustomer != 0 {
		e.Customer = r.Text()
	}
	if bits&hasLeg != 0 {
		e.Leg = int(r.Int())
	}
	if bits&hasAttempt != 0 {
		e.Attempt = int(r.Int())
	}
	if bits&hasUntil != 0 {
		e.Until = r.Time()
	}
	if bits&hasResult != 0 {
		e.Result = readResult(r)
	}
	if bits&hasVerdict != 0 {
		e.Verdict = readVerdict(r)
	}
}

func writeResult(w *wire.Writer, x *touch.Result) {
	w.Uint(uint64(x.Class))
	w.Interned(x.Reason)
	w.Interned(x.Provider)
	w.Text(x.VendorID)
	w.Interned(x.Code)
	w.Interned(x.Detail)
	w.Int(int64(x.RetryAfter))
	w.Bool(x.NoAttempt)
}

func readResult(r *wire.Reader) *touch.Result {
	x := &touch.Result{
		Class:      touch.ResultClass(r.Uint()),
		Reason:     r.Interned(),
		Provider:   r.Interned(),
		VendorID:   r.Text(),
		Code:       r.Interned(),
		Detail:     r.Interned(),
		RetryAfter: time.Duration(r.Int()),
		NoAttempt:  r.Bool(),
	}
	if x.Class > touch.ResultMisconfigured {
		r.Fail()
	}
	return x
}

func writeVerdict(w *wire.Writer, v *touch.Verdict) {
	for _, s := range [...]string{string(v.Decision), v.Rule, v.Kind, string(v.Channel), v.Policy} {
		w.Interned(s)
	}
	w.Time(v.Until)
	w.Time(v.At)
	w.Int(v.Customer)
	w.Uint(uint64(len(v.Findings)))
	for i := range v.Findings {
		writeFinding(w, &v.Findings[i])
	}
	w.Uint(uint64(len(v.Obligations)))
	for _, d := range v.Obligations {
		w.Interned(d)
	}
}

func readVerdict(r *wire.Reader) *touch.Verdict {
	v := &touch.Verdict{
		Decision: touch.Decision(r.Interned()),
		Rule:     r.Interned(),
		Kind:     r.Interned(),
		Channel:  touch.Channel(r.Interned()),
		Policy:   r.Interned(),
		Until:    r.Time(),
		At:       r.Time(),
		Customer: r.Int(),
	}
	if n := r.Count(); n > 0 {
		v.Findings = make([]touch.Finding, n)
		for i := range v.Findings {
			readFinding(r, &v.Findings[i])
		}
	}
	if n := r.Count(); n > 0 {
		v.Obligations = make([]string, n)
		for i := range v.Obligations {
			v.Obligations[i] = r.Interned()
		}
	}
	return v
}

func writeFinding(w *wire.Writer, f *touch.Finding) {
	for _, s := range [...]string{f.Rule, f.Kind, string(f.Decision), f.Reason, f.Evidence} {
		w.Interned(s)
	}
	w.Time(f.Until)
	w.Int(int64(f.Count))
	w.Int(int64(f.Limit))
	w.Time(f.Since)
	w.Bool(f.Shadow)
	w.Bool(f.Excused)
}

func readFinding(r *wire.Reader, f *touch.Finding) {
	*f = touch.Finding{
		Rule:     r.Interned(),
		Kind:     r.Interned(),
		Decision: touch.Decision(r.Interned()),
		Reason:   r.Interned(),
		Evidence: r.Interned(),
		Until:    r.Time(),
		Count:    int(r.Int()),
		Limit:    int(r.Int()),
		Since:    r.Time(),
		Shadow:   r.Bool(),
		Excused:  r.Bool(),
	}
}
