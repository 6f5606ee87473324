package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"touchgate.dev/policies/calendar"
)

// truth is what a condition comes to. Doubt, because a fact is missing, is
// read by whoever asked in the strict way: a "when" in doubt applies, an
// "unless" in doubt does not excuse, a "require" in doubt is not met.
type truth uint8

const (
	no truth = iota
	yes
	doubt
)

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return doubt
}

// value is t as conditions compute with it: doubt is an error, which "||" and
// "&&" forget where the other side decides.
func (t truth) value() ref.Val {
	switch t {
	case yes:
		return types.True
	case no:
		return types.False
	}
	return types.NewErr("it depends on where the customer is")
}

// clock is what a document's conditions tell time by.
type clock struct {
	place     *place
	calendar  *calendar.Calendar
	weekStart time.Weekday
}

// condition is one CEL expression, compiled. Rules with the same text and
// clock share it.
type condition struct {
	text    string
	slot    int // in an evaluation's memo
	program cel.Program
	clock   clock
	spans   map[string]calendar.Span // those that it names
	plain   plain
	// may and must say, for each pair of category and channel, whether the
	// condition can hold and whether it always does, whatever the facts.
	may, must pairs
	consent   bool // asks for consent
}

// The limits on one expression: characters, and CEL's own measure of work.
const (
	maxExpression = 2000
	maxCost       = 10_000
)

// language compiles conditions. It is used by one compilation at a time.
type language struct {
	env        *cel.Env
	conditions []*condition
	known      map[conditionKey]*condition
}

type conditionKey struct {
	text  string
	clock clock
}

func newLanguage() (*language, error) {
	env, err := cel.NewEnv(environment()...)
	if err != nil {
		return nil, err
	}
	return &language{env: env, known: map[conditionKey]*condition{}}, nil
}

// compile reads one boolean expression of a document with the clock given.
func (l *language) compile(text string, clock clock) (*condition, []problem) {
	for _, key := range []conditionKey{{text, clock}, {text: text}} {
		if c := l.known[key]; c != nil {
			return c, nil
		}
	}
	if len(text) > maxExpression {
		return nil, []problem{{message: fmt.Sprintf("the condition has more than %d characters", maxExpression)}}
	}
	checked, issues := l.env.Compile(text)
	if issues.Err() != nil {
		return nil, l.explain(text, issues)
	}
	if checked.OutputType() != cel.BoolType {
		return nil, []problem{{message: fmt.Sprintf("a condition is true or false; this one is %s", checked.OutputType()), hint: `compare it with something, as in category == "marketing"`}}
	}
	spans, found := l.literals(checked, clock.weekStart)
	if len(found) > 0 {
		return nil, found
	}
	key := conditionKey{text: text}
	if len(spans) > 0 || strings.Contains(text, "passed(") { // else no clock is asked
		key.clock = clock
	}
	estimate, err := l.env.EstimateCost(checked, sizes{})
	if err != nil || estimate.Max > maxCost {
		return nil, []problem{{message: "the condition could take too much work to evaluate", hint: "split it into simpler rules"}}
	}
	c := &condition{text: text, slot: len(l.conditions), clock: key.clock, spans: spans, consent: strings.Contains(text, "consented(") || strings.Contains(text, "revoked(")}
	if c.program, err = l.env.Program(checked, cel.EvalOptions(cel.OptOptimize)); err != nil {
		return nil, []problem{{message: "the condition cannot be planned: " + err.Error()}}
	}
	c.plain = plainPart(checked.NativeRep().Expr())
	if err := l.narrow(c, checked); err != nil {
		return nil, []problem{{message: "the condition cannot be planned: " + err.Error()}}
	}
	l.conditions, l.known[key] = append(l.conditions, c), c
	return c, nil
}

// narrow evaluates c with nothing known but category and channel, so that most
// conditions need no evaluation when a touch is judged.
func (l *language) narrow(c *condition, checked *cel.Ast) error {
	partial, err := l.env.Program(checked, cel.EvalOptions(cel.OptPartialEval))
	if err != nil {
		return err
	}
	var unknown []*cel.AttributePatternType
	for _, name := range factVariables {
		unknown = append(unknown, cel.AttributePattern(name))
	}
	for _, category := range categories {
		for _, channel := range channels {
			bit := pairs(1) << pairOf(category, channel)
			known := map[string]any{"category": string(category), "channel": string(channel)}
			for name, group := range groups {
				known[name] = group
			}
			vars, err := cel.PartialVars(known, unknown...)
			if err != nil {
				return err
			}
			result, _, err := partial.Eval(vars)
			holds, isBool := result.(types.Bool)
			switch {
			case err != nil || !isBool:
				c.may |= bit
			case bool(holds):
				c.may |= bit
				c.must |= bit
			}
		}
	}
	return nil
}

// sizes bounds the strings that conditions see, for the estimate of work.
type sizes struct{}

func (sizes) EstimateSize(cost.AstNode) *cost.SizeEstimate {
	return &cost.SizeEstimate{Min: 0, Max: 128}
}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// literals checks what the types cannot: categories, channels, spans and
// names must be ones that exist. It gives the spans that the condition names.
func (l *language) literals(checked *cel.Ast, weekStart time.Weekday) (spans map[string]calendar.Span, found []problem) {
	spans = map[string]calendar.Span{}
	info := checked.NativeRep().SourceInfo()
	report := func(e ast.Expr, message, hint string) {
		found = append(found, problem{max(0, info.GetStartLocation(e.ID()).Line()-1), message, hint})
	}
	word := func(variable string, e ast.Expr) {
		var allowed []string
		switch variable {
		case "category":
			allowed = names(categories)
		case "channel":
			allowed = names(channels)
		default:
			return
		}
		if s, ok := text(e); ok && !slices.Contains(allowed, s) {
			report(e, fmt.Sprintf("%q is not a %s", s, variable), "one of "+strings.Join(allowed, ", "))
		}
	}
	visit := func(e ast.Expr) {
		if e.Kind() != ast.CallKind {
			return
		}
		call := e.AsCall()
		args := call.Args()
		switch call.FunctionName() {
		case "_==_", "_!=_":
			word(ident(args[0]), args[1])
			word(ident(args[1]), args[0])
		case "@in":
			if args[1].Kind() == ast.ListKind {
				for _, item := range args[1].AsList().Elements() {
					word(ident(args[0]), item)
				}
			}
		case "within", "had", "consented", "revoked":
			if len(args) < 2 {
				return
			}
			s, literal := text(args[1])
			span, err := calendar.ParseSpan(s, weekStart)
			if !literal {
				report(args[1], "a span is written out, not computed", `such as "18 months" or "72h"`)
			} else if err != nil {
				report(args[1], err.Error(), "")
			} else {
				spans[s] = span
			}
		}
	}
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(visit))
	return spans, found
}

func ident(e ast.Expr) string {
	if e.Kind() == ast.IdentKind {
		return e.AsIdent()
	}
	return ""
}

func text(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	s, ok := e.AsLiteral().(types.String)
	return string(s), ok
}

func names[T ~string](words []T) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

// judge evaluates c once for an instant; the facts note when it may change.
func (e *evaluation) judge(c *condition) truth {
	e.evidence = ""
	if e.pair >= 0 {
		if c.must.has(e.pair) {
			return yes
		}
		if !c.may.has(e.pair) {
			return no
		}
	}
	m := &e.memo[c.slot]
	if m.stamp != e.stamp {
		outer := e.change
		e.change, e.running = never, c
		m.stamp, m.truth = e.stamp, e.run(c)
		m.change, m.evidence = e.change, e.evidence
		e.change = outer
	}
	e.note(m.change)
	e.evidence = m.evidence
	return m.truth
}

func (e *evaluation) run(c *condition) truth {
	if holds, settled := c.plain.judge(e); settled {
		return holds
	}
	result, _, err := c.program.Eval(e)
	if err != nil {
		return doubt
	}
	if result == types.True {
		return yes
	}
	return no
}
