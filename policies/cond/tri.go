package cond

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Tri is the value of a condition in three-valued logic.
type Tri uint8

// The values of a condition. Unknown means that a fact is missing: for example
// the answer depends on the customer's time zone, and no zone is known.
const (
	False Tri = iota
	True
	Unknown
)

// String is "false", "true" or "unknown".
func (t Tri) String() string { return [...]string{"false", "true", "unknown"}[t] }

// Not is the negation: Unknown stays Unknown.
func (t Tri) Not() Tri {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return Unknown
}

// Of is the Tri of a known answer.
func Of(holds bool) Tri {
	if holds {
		return True
	}
	return False
}

// celValue is t as CEL computes with it. Unknown is an error: CEL's "&&" and
// "||" ignore an error when the other side alone decides.
func (t Tri) celValue() ref.Val {
	switch t {
	case True:
		return types.True
	case False:
		return types.False
	}
	return types.NewErr("it depends on where the customer is")
}
