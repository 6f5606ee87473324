package ruleset_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// TestEveryChannel judges a touch of each channel and category by a rule for
// exactly that pair, by the groups of the channel, and by caps on it.
func TestEveryChannel(t *testing.T) {
	var rules strings.Builder
	rules.WriteString("policy: p\nrules:\n")
	for _, category := range touch.Categories() {
		for _, channel := range touch.Channels() {
			fmt.Fprintf(&rules, "  - {id: %s-%s, when: category == '%s' && channel == '%s', require: 'false'}\n",
				category, strings.ReplaceAll(string(channel), "_", ""), category, channel)
		}
	}
	set := compile(t, rules.String())
	now := at(t, "03-02 12:00")
	for _, category := range touch.Categories() {
		for _, channel := range touch.Channels() {
			v := set.Evaluate(ask("k", "c", category, channel, now), known)
			// Two findings: our own suppression list, which is in every set, and the rule of the pair.
			want := string(category) + "-" + strings.ReplaceAll(string(channel), "_", "")
			if v.Decision != touch.DecisionRefuse || !strings.HasSuffix(v.Rule, want) || len(v.Findings) != 2 {
				t.Errorf("%s of %s: %s by %q with %d findings", channel, category, v.Decision, v.Rule, len(v.Findings))
			}
		}
	}
}

func TestEveryChannelGroup(t *testing.T) {
	now := at(t, "03-02 12:00")
	for _, channel := range touch.Channels() {
		for _, group := range channel.Groups() {
			set := compile(t, "policy: p\nrules:\n  - {id: r, when: channel in "+group+", require: 'false'}\n")
			if v := set.Evaluate(ask("k", "c", touch.Service, channel, now), known); v.Decision != touch.DecisionRefuse {
				t.Errorf("%s is not in %s", channel, group)
			}
		}
	}
}

func TestEveryChannelCap(t *testing.T) {
	now := at(t, "03-02 12:00")
	for _, by := range []string{"channel", "method", "other_channels", "other_methods"} {
		set := compile(t, "policy: p\nrules:\n  - {id: r, cap: {limit: 1, per: 7d, by: ["+by+"]}}\n")
		for _, channel := range touch.Channels() {
			for _, earlier := range touch.Channels() {
				counts := map[string]bool{
					"channel":        earlier == channel,
					"method":         earlier.Method() == channel.Method(),
					"other_channels": earlier != channel,
					"other_methods":  earlier.Method() != channel.Method(),
				}[by]
				q := ask("k", "c", touch.Marketing, channel, now)
				e := ask("earlier", "c", touch.Marketing, earlier, now).Entry()
				e.At, e.Pending = now.Add(-time.Hour), false
				log := contactlog.Snapshot{Known: true, Entries: []contactlog.Entry{e}}
				if v := set.Evaluate(q, log); (v.Decision == touch.DecisionDefer) != counts {
					t.Errorf("%s after %s by %s: %s, counts %v", channel, earlier, by, v.Decision, counts)
				}
			}
		}
	}
}
