package policies

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// texts are the variables that hold a text of the touch, and how it is read.
var texts = []struct {
	name string
	of   func(e *evaluation) string
}{
	{"category", func(e *evaluation) string { return string(e.q.Touch.Category) }},
	{"channel", func(e *evaluation) string { return string(e.leg.Channel) }},
	{"subject", func(e *evaluation) string { return e.q.Touch.Subject }},
	{"campaign", func(e *evaluation) string { return e.q.Touch.Campaign }},
	{"caller", func(e *evaluation) string { return e.q.Touch.Caller }},
	{"customer", func(e *evaluation) string { return e.q.Touch.Customer }},
	{"template", func(e *evaluation) string { return e.leg.Template }},
}

// textOf is the place of a variable in texts, -1 where it holds no text.
func textOf(name string) int {
	for i := range texts {
		if texts[i].name == name {
			return i
		}
	}
	return -1
}

// ResolveName implements CEL's activation: the variables of the question.
func (e *evaluation) ResolveName(name string) (any, bool) {
	switch name {
	case "@facts":
		return e, true
	case "priority":
		return types.Int(e.q.Touch.Priority), true
	}
	if i := textOf(name); i >= 0 {
		if e.boxed[i] == nil { // once for all conditions
			e.boxed[i] = types.String(texts[i].of(e))
		}
		return e.boxed[i], true
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

var (
	_ cel.Activation = (*evaluation)(nil)
	_ ref.Val        = (*evaluation)(nil)
)
