package cond_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"touchgate.dev/policies/cond"
	"touchgate.dev/touch"
)

// Words that random conditions and touches share, so that they meet.
var (
	drawnText    = rapid.SampledFrom([]string{"category", "channel", "subject", "campaign", "caller", "customer", "template"})
	drawnWord    = rapid.SampledFrom([]string{"", "a", "b", "sms"})
	drawnChannel = rapid.SampledFrom(touch.Channels())
)

// drawCondition makes up a condition; deep ones are made of others.
func drawCondition(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 8).Draw(t, "kind")
	if depth == 0 {
		kind %= 5
	}
	name := drawnText.Draw(t, "text")
	word := func() string {
		switch name {
		case "category":
			return fmt.Sprintf("%q", rapid.SampledFrom(touch.Categories()).Draw(t, "category"))
		case "channel":
			return fmt.Sprintf("%q", drawnChannel.Draw(t, "channel"))
		}
		return fmt.Sprintf("%q", drawnWord.Draw(t, "word"))
	}
	switch kind {
	case 0:
		return name + " == " + word()
	case 1:
		return word() + " != " + name
	case 2:
		return fmt.Sprintf("%s in [%s, %s]", name, word(), word())
	case 3:
		return name + " in " + rapid.SampledFrom([]string{"voice", "text", "app", "human", "machine"}).Draw(t, "group")
	case 4: // not fast: true, false, or a fact that is missing
		return rapid.SampledFrom([]string{"priority > 3", `tagged("vip")`, `flag("x")`, `known("x")`, "subject == campaign"}).Draw(t, "rest")
	case 5:
		return "!(" + drawCondition(t, depth-1) + ")"
	case 6:
		return "(" + drawCondition(t, depth-1) + " || " + drawCondition(t, depth-1) + ")"
	}
	return drawCondition(t, depth-1) + " && " + drawCondition(t, depth-1)
}

// What is evaluated without CEL has the value that CEL gives it.
func TestFastAgreesWithCEL(t *testing.T) {
	seen := map[cond.FastShare]int{}
	rapid.Check(t, func(t *rapid.T) {
		text := drawCondition(t, 3)
		evaluate, share, err := cond.EvaluateBothWays(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		seen[share]++
		for range 20 {
			f := drawFacts(t)
			if usual, byCEL := evaluate(f); usual != byCEL {
				t.Fatalf("%s is %v, CEL says %v: %+v", strings.TrimSpace(text), usual, byCEL, f)
			}
		}
	})
	for _, share := range []cond.FastShare{cond.FastNone, cond.FastPart, cond.FastWhole} {
		if seen[share] == 0 {
			t.Errorf("no condition was drawn with a fast share of %d: %v", share, seen)
		}
	}
}

func drawFacts(t *rapid.T) *texts {
	return &texts{
		values: map[cond.Variable]string{
			cond.Category: string(rapid.SampledFrom(touch.Categories()).Draw(t, "category")),
			cond.Channel:  string(drawnChannel.Draw(t, "channel")),
			cond.Subject:  drawnWord.Draw(t, "subject"),
			cond.Campaign: drawnWord.Draw(t, "campaign"),
			cond.Caller:   drawnWord.Draw(t, "caller"),
			cond.Customer: drawnWord.Draw(t, "customer"),
			cond.Template: drawnWord.Draw(t, "template"),
		},
		priority: rapid.IntRange(0, 9).Draw(t, "priority"),
		known:    rapid.Bool().Draw(t, "known"),
	}
}

// texts are facts of a touch whose customer, if known, has neither tags nor
// attributes. The embedded interface is nil: nothing else is asked.
type texts struct {
	cond.Facts
	values   map[cond.Variable]string
	priority int
	known    bool
}

func (f *texts) Text(v cond.Variable) string      { return f.values[v] }
func (f *texts) Priority() int                    { return f.priority }
func (f *texts) Attribute(string) (any, bool)     { return nil, false }
func (f *texts) Preference(string) (string, bool) { return "", false }
func (f *texts) Tagged(string) cond.Tri {
	if !f.known {
		return cond.Unknown
	}
	return cond.False
}
