package policies_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"touchgate.dev/policies"
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
	case 4: // not plain: true, false, or a fact that is missing
		return rapid.SampledFrom([]string{"priority > 3", `tagged("vip")`, `flag("x")`, `known("x")`, "subject == campaign"}).Draw(t, "rest")
	case 5:
		return "!(" + drawCondition(t, depth-1) + ")"
	case 6:
		return "(" + drawCondition(t, depth-1) + " || " + drawCondition(t, depth-1) + ")"
	}
	return drawCondition(t, depth-1) + " && " + drawCondition(t, depth-1)
}

// What is judged without CEL is judged as CEL would.
func TestPlainConditionsMeanWhatCELSays(t *testing.T) {
	var plain, partly, rest int
	rapid.Check(t, func(t *rapid.T) {
		text := drawCondition(t, 3)
		judge, share, err := policies.JudgeBothWays(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		switch share {
		case 0:
			rest++
		case 1:
			partly++
		default:
			plain++
		}
		for range 20 {
			q := ask("k", drawnWord.Draw(t, "customer"), rapid.SampledFrom(touch.Categories()).Draw(t, "category"), drawnChannel.Draw(t, "channel"), time.Time{})
			q.Touch.Subject, q.Touch.Campaign, q.Touch.Caller = drawnWord.Draw(t, "subject"), drawnWord.Draw(t, "campaign"), drawnWord.Draw(t, "caller")
			q.Touch.Plan[0].Template, q.Touch.Priority = drawnWord.Draw(t, "template"), rapid.IntRange(0, 9).Draw(t, "priority")
			if rapid.Bool().Draw(t, "nobody") {
				q.Customer = nil
			}
			if ours, theirs := judge(q); ours != theirs {
				t.Fatalf("%s is %s, CEL says %s: %+v", strings.TrimSpace(text), ours, theirs, q.Touch.Request)
			}
		}
	})
	if plain == 0 || partly == 0 || rest == 0 {
		t.Errorf("%d were plain, %d in part, %d not: want some of each", plain, partly, rest)
	}
}
