package cond

import (
	"fmt"
	"reflect"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"touchgate.dev/policies/calendar"
)

// Result is the value of a condition at one instant.
type Result struct {
	Value Tri
	// Change is the first later instant at which the value may change by
	// itself; zero if there is none.
	Change time.Time
	// Evidence is where the proof of a consent lies that the value rests on.
	Evidence string
	// Uncovered is set if the value rests on dates that this calendar does not
	// cover.
	Uncovered *calendar.Calendar
}

// Evaluator evaluates the conditions of one compiler for one touch at a time.
// It remembers each condition's result at the present instant, because many
// rules share a condition. It is meant to be pooled, and is not safe for
// concurrent use.
type Evaluator struct {
	facts Facts
	scope int // of the touch's leg; -1 if its category or channel is unknown

	// instant counts the instants evaluated. A memo of another instant is void.
	instant uint32
	now     time.Time
	memos   []memo

	// running is the condition that is being evaluated; trace is its own.
	running *Condition
	trace   Trace
	// boxed are the text variables as CEL has them, made once for all conditions.
	boxed [NumVariables]any
}

type memo struct {
	instant uint32
	result  Result
}

// NewEvaluator makes an evaluator for a number of conditions.
func NewEvaluator(conditions int) *Evaluator {
	return &Evaluator{memos: make([]memo, conditions)}
}

// Begin starts with another touch, whose leg has the given scope. Call At next.
func (v *Evaluator) Begin(facts Facts, scope int) {
	v.facts = facts
	v.scope = scope
	clear(v.boxed[:])
}

// At moves to another instant.
func (v *Evaluator) At(now time.Time) {
	v.now = now
	v.instant++
}

// The results of conditions that category and channel alone decide.
var (
	alwaysTrue  = Result{Value: True}
	alwaysFalse = Result{Value: False}
)

// Evaluate evaluates c at the present instant. The result is read-only, and
// valid until the next call of At or Begin.
func (v *Evaluator) Evaluate(c *Condition) *Result {
	// Most conditions are decided by category and channel alone.
	if v.scope >= 0 {
		if c.must.Has(v.scope) {
			return &alwaysTrue
		}
		if !c.may.Has(v.scope) {
			return &alwaysFalse
		}
	}

	m := &v.memos[c.slot]
	if m.instant != v.instant {
		v.running = c
		v.trace = Trace{Now: v.now}
		m.instant = v.instant
		value := v.run(c)
		m.result = Result{Value: value, Change: v.trace.Change, Evidence: v.trace.Evidence, Uncovered: v.trace.Uncovered}
	}
	return &m.result
}

// run evaluates c without the memo.
func (v *Evaluator) run(c *Condition) Tri {
	if value, decided := c.fast.evaluate(v.facts); decided {
		return value
	}
	result, _, err := c.program.Eval(activation{v})
	switch {
	case err != nil:
		return Unknown
	case result == types.True:
		return True
	}
	return False
}

// clock is that of the running condition.
func (v *Evaluator) clock() *Clock { return &v.running.clock }

// span is one that the running condition writes out. The compiler has checked
// that every span of a condition is among them.
func (v *Evaluator) span(text ref.Val) *calendar.Span { return v.running.spans[argument(text)] }

// activation hands the evaluator to CEL: as the source of variables, and as
// the value of the hidden variable @facts, which every function receives.
type activation struct{ v *Evaluator }

var (
	_ cel.Activation = activation{}
	_ ref.Val        = activation{}
)

// ResolveName implements cel.Activation.
func (a activation) ResolveName(name string) (any, bool) {
	switch name {
	case "@facts":
		return a, true
	case "priority":
		return types.Int(a.v.facts.Priority()), true
	}
	if i, ok := variableOf(name); ok {
		if a.v.boxed[i] == nil {
			a.v.boxed[i] = types.String(a.v.facts.Text(i))
		}
		return a.v.boxed[i], true
	}
	group, ok := groups[name]
	return group, ok
}

// Parent implements cel.Activation.
func (activation) Parent() cel.Activation { return nil }

// ConvertToNative implements ref.Val.
func (activation) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("facts have no native form")
}

// ConvertToType implements ref.Val.
func (activation) ConvertToType(ref.Type) ref.Val { return types.NewErr("facts cannot be converted") }

// Equal implements ref.Val.
func (a activation) Equal(other ref.Val) ref.Val { return types.Bool(other == ref.Val(a)) }

// Type implements ref.Val.
func (activation) Type() ref.Type { return celFactSet }

// Value implements ref.Val.
func (a activation) Value() any { return a }
