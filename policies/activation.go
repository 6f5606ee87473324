package policies

import (
	"fmt"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

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

var (
	_ cel.Activation = (*evaluation)(nil)
	_ ref.Val        = (*evaluation)(nil)
)
