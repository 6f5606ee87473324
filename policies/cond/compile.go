package cond

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
)

// The limits on one expression: characters, and CEL's own measure of work.
const (
	maxExpression = 2000
	maxCost       = 10_000
)

// Compiler compiles the conditions of one rule set. It is not safe for
// concurrent use.
type Compiler struct {
	env   *cel.Env
	known map[conditionKey]*Condition
}

type conditionKey struct {
	text  string
	clock Clock
}

// NewCompiler makes a compiler. It fails only if CEL's environment cannot be
// built, which is a programmer's fault.
func NewCompiler() (*Compiler, error) {
	env, err := cel.NewEnv(celEnvironment()...)
	if err != nil {
		return nil, err
	}
	return &Compiler{env: env, known: map[conditionKey]*Condition{}}, nil
}

// Conditions is how many different conditions were compiled: the size that an
// Evaluator for them needs.
func (l *Compiler) Conditions() int { return len(l.known) }

// Compile compiles one boolean expression of a document with the given clock.
// If there are problems, the condition is nil.
func (l *Compiler) Compile(text string, clock Clock) (*Condition, []Problem) {
	// A condition that asks no clock is shared by documents with any clock.
	for _, key := range []conditionKey{{text, clock}, {text: text}} {
		if c := l.known[key]; c != nil {
			return c, nil
		}
	}

	if len(text) > maxExpression {
		return nil, oneProblem(fmt.Sprintf("the condition has more than %d characters", maxExpression), "")
	}
	checked, issues := l.env.Compile(text)
	if issues.Err() != nil {
		return nil, explain(text, issues)
	}
	if checked.OutputType() != cel.BoolType {
		return nil, oneProblem(fmt.Sprintf("a condition is true or false; this one is %s", checked.OutputType()),
			`compare it with something, as in category == "marketing"`)
	}
	written := checkLiterals(checked, clock.WeekStart)
	if len(written.problems) > 0 {
		return nil, written.problems
	}
	estimate, err := l.env.EstimateCost(checked, textSizes{})
	if err != nil || estimate.Max > maxCost {
		return nil, oneProblem("the condition could take too much work to evaluate", "split it into simpler rules")
	}

	key := conditionKey{text: text}
	if len(written.spans) > 0 || strings.Contains(text, "passed(") {
		key.clock = clock
	}
	c := &Condition{
		text:  text,
		slot:  len(l.known),
		clock: key.clock,
		spans: written.spans,
		reads: written.reads,
		fast:  fastPartOf(checked.NativeRep().Expr()),
	}
	c.contacts, c.contactsKnown = contactsOf(checked.NativeRep().Expr())
	for _, read := range written.reads {
		c.consent = c.consent || read.Function == "consented" || read.Function == "revoked"
		c.grants = c.grants || read.Function == "consented"
	}
	if c.program, err = l.env.Program(checked, cel.EvalOptions(cel.OptOptimize)); err == nil {
		c.may, c.must, err = narrow(l.env, checked)
	}
	if err != nil {
		return nil, oneProblem("the condition cannot be planned: "+err.Error(), "")
	}
	l.known[key] = c
	return c, nil
}

// textSizes bounds the texts that conditions see, for CEL's estimate of work.
type textSizes struct{}

// EstimateSize implements checker.CostEstimator: no text is longer than 128.
func (textSizes) EstimateSize(cost.AstNode) *cost.SizeEstimate {
	return &cost.SizeEstimate{Min: 0, Max: 128}
}

// EstimateCallCost implements checker.CostEstimator: CEL's own estimate holds.
func (textSizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}
