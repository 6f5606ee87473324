package policies

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"touchgate.dev/policies/calendar"
	"touchgate.dev/touch"
)

// groups are the kinds of channels that conditions may name.
var groups = map[string][]string{
	"voice":   {string(touch.AICall), string(touch.RMTask)},
	"text":    {string(touch.SMS)},
	"app":     {string(touch.Push), string(touch.Popup), string(touch.Inbox)},
	"human":   {string(touch.RMTask)},
	"machine": {string(touch.AICall)},
}

// factVariables are the variables that only a touch and its customer settle.
var factVariables = []string{"subject", "campaign", "caller", "customer", "template", "priority", "@facts"}

// A function that conditions may call: what it takes, gives and does.
type function struct {
	name   string
	args   []*cel.Type
	result *cel.Type
	about  string // for the reference
	call   func(e *evaluation, args []ref.Val) ref.Val
}

var (
	str     = cel.StringType
	factSet = cel.OpaqueType("facts")
)

// functions lists what conditions may ask. All that depends on time notes when
// its answer may change, which is what makes "until" exact.
func functions() []function {
	return []function{
		{"consented", []*cel.Type{str}, cel.BoolType, "the customer has agreed to this scope (a grant of `marketing` covers its channels, such as `marketing:sms`, and nothing else beneath it)", func(e *evaluation, a []ref.Val) ref.Val {
			return types.Bool(e.consented(word(a[0]), time.Time{}, nil))
		}},
		{"consented", []*cel.Type{str, str}, cel.BoolType, "the same, and agreed no longer ago than the span", func(e *evaluation, a []ref.Val) ref.Val {
			span := e.set.spans[word(a[1])]
			return types.Bool(e.consented(word(a[0]), time.Time{}, &span))
		}},
		{"revoked", []*cel.Type{str}, cel.BoolType, "the last word on this scope, or one above it, is a revocation", func(e *evaluation, a []ref.Val) ref.Val {
			return types.Bool(e.revoked(word(a[0]), nil))
		}},
		{"revoked", []*cel.Type{str, str}, cel.BoolType, "the same, and the span that may pass until it binds is over", func(e *evaluation, a []ref.Val) ref.Val {
			span := e.set.spans[word(a[1])]
			return types.Bool(e.revoked(word(a[0]), &span))
		}},
		{"had", []*cel.Type{str, str}, cel.BoolType, "an outcome of this kind came within the span", func(e *evaluation, a []ref.Val) ref.Val {
			return types.Bool(e.had(word(a[0]), e.set.spans[word(a[1])]))
		}},
		{"within", []*cel.Type{str, str}, cel.BoolType, "the instant in this attribute lies in the past, within the span", func(e *evaluation, a []ref.Val) ref.Val {
			return e.within(word(a[0]), e.set.spans[word(a[1])])
		}},
		{"passed", []*cel.Type{str}, cel.BoolType, "the instant in this attribute or preference has come", func(e *evaluation, a []ref.Val) ref.Val { return e.passed(word(a[0])) }},
		{"listed", []*cel.Type{str}, cel.BoolType, "the customer or the address is on this list", func(e *evaluation, a []ref.Val) ref.Val {
			return types.Bool(e.listed(word(a[0])))
		}},
		{"tagged", []*cel.Type{str}, cel.BoolType, "the customer has this tag", func(e *evaluation, a []ref.Val) ref.Val {
			if e.q.Customer == nil {
				return missing(word(a[0]))
			}
			return types.Bool(slices.Contains(e.q.Customer.Tags, word(a[0])))
		}},
		{"resident", []*cel.Type{str}, cel.BoolType, "the customer lives in this jurisdiction", func(e *evaluation, a []ref.Val) ref.Val {
			if e.q.Customer == nil || len(e.q.Customer.Jurisdictions) == 0 {
				return missing("jurisdictions")
			}
			return types.Bool(slices.Contains(e.q.Customer.Jurisdictions, word(a[0])))
		}},
		{"known", []*cel.Type{str}, cel.BoolType, "the customer has this attribute", func(e *evaluation, a []ref.Val) ref.Val {
			_, ok := e.attribute(word(a[0]))
			return types.Bool(ok)
		}},
		{"fact", []*cel.Type{str}, str, "the attribute of this name, a text", func(e *evaluation, a []ref.Val) ref.Val {
			if v, ok := e.attribute(word(a[0])); ok {
				if s, ok := v.(string); ok {
					return types.String(s)
				}
			}
			return missing(word(a[0]))
		}},
		{"number", []*cel.Type{str}, cel.DoubleType, "the attribute of this name, a number", func(e *evaluation, a []ref.Val) ref.Val { return e.number(word(a[0])) }},
		{"flag", []*cel.Type{str}, cel.BoolType, "the attribute of this name, true or false", func(e *evaluation, a []ref.Val) ref.Val {
			if v, ok := e.attribute(word(a[0])); ok {
				if b, ok := v.(bool); ok {
					return types.Bool(b)
				}
			}
			return missing(word(a[0]))
		}},
		{"preference", []*cel.Type{str}, str, "the preference of this name", func(e *evaluation, a []ref.Val) ref.Val {
			if e.q.Customer != nil {
				if s, ok := e.q.Customer.Preferences[word(a[0])]; ok {
					return types.String(s)
				}
			}
			return missing(word(a[0]))
		}},
	}
}

// vocabulary is every name that a condition may use.
func vocabulary() []string {
	words := append([]string{"category", "channel"}, factVariables[:len(factVariables)-1]...)
	for name := range groups {
		words = append(words, name)
	}
	for _, f := range functions() {
		words = append(words, f.name)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// environment declares the vocabulary. CEL's loops (all, exists, map) are left
// out, so that every condition ends after work in proportion to its length. A
// call f(x) is rewritten to @facts.f(x), which is how it finds the customer.
func environment() []cel.EnvOption {
	options := []cel.EnvOption{cel.ClearMacros(), cel.Variable("@facts", factSet)}
	for _, name := range append([]string{"category", "channel"}, factVariables...) {
		kind := str
		switch name {
		case "@facts":
			continue
		case "priority":
			kind = cel.IntType
		}
		options = append(options, cel.Variable(name, kind))
	}
	for name := range groups {
		options = append(options, cel.Variable(name, cel.ListType(str)))
	}
	byName := map[string][]cel.FunctionOpt{}
	for _, f := range functions() {
		byName[f.name] = append(byName[f.name], cel.MemberOverload(
			fmt.Sprintf("%s_%d", f.name, len(f.args)), append([]*cel.Type{factSet}, f.args...), f.result,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				e, ok := args[0].(*evaluation)
				if !ok {
					return types.NewErr("no facts")
				}
				return f.call(e, args[1:])
			})))
		options = append(options, cel.Macros(cel.GlobalMacro(f.name, len(f.args),
			func(h cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
				return h.NewMemberCall(f.name, h.NewIdent("@facts"), args...), nil
			})))
	}
	for name, overloads := range byName {
		options = append(options, cel.Function(name, overloads...))
	}
	return options
}

func word(v ref.Val) string {
	s, _ := v.(types.String)
	return string(s)
}

func missing(fact string) ref.Val { return types.NewErr("the fact %q is missing", fact) }

// note takes down an instant at which an answer just given may change.
func (e *evaluation) note(t time.Time) {
	if t.After(e.t) && (e.change.IsZero() || t.Before(e.change)) {
		e.change = t
	}
}

// never is the zero time where it stands for an instant that does not come.
var never time.Time

// covers reports whether a statement on scope also speaks for asked: the same
// scope or one above it.
func covers(scope, asked string) bool {
	return strings.HasPrefix(asked, scope) && (len(asked) == len(scope) || asked[len(scope)] == ':')
}

// speaksFor reports whether c says anything about asked. A revocation reaches
// all that lies beneath its scope. A grant reaches the channels beneath it, and
// nothing else: who agreed to marketing has not agreed to it at night.
func speaksFor(c *touch.Consent, asked string) bool {
	if !covers(c.Scope, asked) {
		return false
	}
	return !c.Granted || len(c.Scope) == len(asked) || touch.Channel(asked[len(c.Scope)+1:]).Valid()
}

// statement is the last one that speaks for scope and was made after the
// instant given, or nil. Of two at one instant the revocation is later.
func (e *evaluation) statement(scope string, after time.Time) (last *touch.Consent) {
	if e.q.Customer == nil {
		return nil
	}
	for i := range e.q.Customer.Consents {
		c := &e.q.Customer.Consents[i]
		switch {
		case !speaksFor(c, scope) || (!after.IsZero() && !c.At.After(after)):
		case c.At.After(e.t):
			e.note(c.At)
		case last == nil || c.At.After(last.At) || (c.At.Equal(last.At) && last.Granted):
			last = c
		}
	}
	return last
}

// consented reports whether the last statement on scope made after the instant
// given is a grant that holds, and no older than age where that is set.
func (e *evaluation) consented(scope string, after time.Time, age *calendar.Span) bool {
	last := e.statement(scope, after)
	if last == nil || !last.Granted {
		return false
	}
	if last.Until != nil {
		if !e.t.Before(*last.Until) {
			return false
		}
		e.note(*last.Until)
	}
	if age != nil && !e.lasts(*age, last.At) {
		return false
	}
	if e.evidence = last.Evidence; e.evidence == "" {
		e.evidence = last.Scope
	}
	return true
}

// revoked reports whether the last statement on scope is a revocation, made so
// long ago that it binds.
func (e *evaluation) revoked(scope string, grace *calendar.Span) bool {
	last := e.statement(scope, time.Time{})
	return last != nil && !last.Granted && (grace == nil || !e.lasts(*grace, last.At))
}

// lasts reports whether span, begun at from, still runs in every zone in
// which the customer may be: the reading for what works in our favour.
func (e *evaluation) lasts(span calendar.Span, from time.Time) bool {
	for _, zone := range e.customerZones() {
		end := span.End(from, zone, nil)
		if !end.IsZero() && !end.After(e.t) {
			return false
		}
		e.note(end)
	}
	return true
}

func (e *evaluation) had(outcome string, span calendar.Span) bool {
	if e.q.Customer == nil {
		return false
	}
	for i := range e.q.Customer.Outcomes {
		o := &e.q.Customer.Outcomes[i]
		if o.Kind != outcome {
			continue
		}
		if o.At.After(e.t) {
			e.note(o.At)
		} else if e.lasts(span, o.At) {
			return true
		}
	}
	return false
}

func (e *evaluation) attribute(name string) (any, bool) {
	if e.q.Customer == nil {
		return nil, false
	}
	v, ok := e.q.Customer.Attributes[name]
	return v, ok && v != nil
}

func (e *evaluation) number(name string) ref.Val {
	v, _ := e.attribute(name)
	switch n := v.(type) {
	case float64:
		return types.Double(n)
	case int:
		return types.Double(n)
	case int64:
		return types.Double(n)
	}
	return missing(name)
}

// instant reads an attribute or preference that holds an RFC 3339 instant, or
// a date, which is its beginning in the last of the customer's zones.
func (e *evaluation) instant(name string) (time.Time, bool) {
	v, ok := e.attribute(name)
	if !ok && e.q.Customer != nil {
		v, ok = e.q.Customer.Preferences[name]
	}
	switch v := v.(type) {
	case time.Time:
		return v, ok
	case string:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t, true
		}
		if d, err := calendar.ParseDay(v); err == nil {
			var last time.Time
			for _, zone := range e.customerZones() {
				if t := d.Start(zone); t.After(last) {
					last = t
				}
			}
			return last, true
		}
	}
	return time.Time{}, false
}

func (e *evaluation) within(name string, span calendar.Span) ref.Val {
	at, ok := e.instant(name)
	if !ok {
		return missing(name)
	}
	if at.After(e.t) {
		e.note(at)
		return types.False
	}
	return types.Bool(e.lasts(span, at))
}

func (e *evaluation) passed(name string) ref.Val {
	at, ok := e.instant(name)
	if !ok {
		return missing(name)
	}
	e.note(at)
	return types.Bool(!at.After(e.t))
}

func (e *evaluation) listed(list string) bool {
	for i := range e.q.Listings {
		l := &e.q.Listings[i]
		if l.List != list {
			continue
		}
		e.note(l.Since)
		if l.Until != nil {
			e.note(*l.Until)
		}
		if !l.Since.After(e.t) && (l.Until == nil || e.t.Before(*l.Until)) {
			return true
		}
	}
	return false
}

// ResolveName implements CEL's activation: the variables of the question.
func (e *evaluation) ResolveName(name string) (any, bool) {
	t := e.q.Touch
	switch name {
	case "@facts":
		return e, true
	case "category":
		return types.String(t.Category), true
	case "channel":
		return types.String(e.leg.Channel), true
	case "subject":
		return types.String(t.Subject), true
	case "campaign":
		return types.String(t.Campaign), true
	case "caller":
		return types.String(t.Caller), true
	case "customer":
		return types.String(t.Customer), true
	case "template":
		return types.String(e.leg.Template), true
	case "priority":
		return types.Int(t.Priority), true
	}
	group, ok := groups[name]
	return group, ok
}

// Parent implements CEL's activation.
func (e *evaluation) Parent() cel.Activation { return nil }

// The methods of a CEL value, so that functions are handed the evaluation.

// ConvertToNative implements ref.Val.
func (e *evaluation) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("facts have no native form")
}

// ConvertToType implements ref.Val.
func (e *evaluation) ConvertToType(ref.Type) ref.Val {
	return types.NewErr("facts cannot be converted")
}

// Equal implements ref.Val.
func (e *evaluation) Equal(other ref.Val) ref.Val { return types.Bool(other == ref.Val(e)) }

// Type implements ref.Val.
func (e *evaluation) Type() ref.Type { return factSet }

// Value implements ref.Val.
func (e *evaluation) Value() any { return e }
