package cond

import "fmt"

// FastShare says how much of a condition is evaluated without CEL.
type FastShare int

// The shares of a condition that may be fast.
const (
	FastNone FastShare = iota
	FastPart
	FastWhole
)

// EvaluateBothWays compiles a condition. The function that it returns
// evaluates the condition as usual and by CEL alone.
func EvaluateBothWays(text string) (evaluate func(f Facts) (usual, byCEL Tri), share FastShare, err error) {
	compiler, err := NewCompiler()
	if err != nil {
		return nil, 0, err
	}
	c, problems := compiler.Compile(text, Clock{})
	if len(problems) > 0 {
		return nil, 0, fmt.Errorf("%v", problems)
	}
	switch {
	case c.fast.whole:
		share = FastWhole
	case len(c.fast.terms) > 0:
		share = FastPart
	}
	slow := *c
	slow.fast = fastPart{}
	return func(f Facts) (Tri, Tri) {
		v := NewEvaluator(compiler.Conditions())
		v.Begin(f, -1)
		v.running = c
		return v.run(c), v.run(&slow)
	}, share, nil
}
