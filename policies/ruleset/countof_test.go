package ruleset_test

import (
	"strings"
	"testing"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// entryOf is an earlier contact about a subject, in a campaign, by a template.
func entryOf(subject, campaign, template string) change {
	return was(day, func(e *contactlog.Entry) {
		e.Subject = contactlog.Hash(subject)
		e.Campaign = contactlog.Hash(campaign)
		e.Template = contactlog.Hash(template)
	})
}

// A cap counts the contacts that its whole condition holds for. The leg is a
// marketing SMS about a loan by the template "offer".
func TestCapFollowsItsCondition(t *testing.T) {
	for name, c := range map[string]struct {
		when   string
		given  change
		counts bool
	}{
		"its subject":                 {`subject == "loan"`, entryOf("loan", "", ""), true},
		"another subject":             {`subject == "loan"`, entryOf("card", "", ""), false},
		"no subject":                  {`subject == "loan"`, entryOf("", "", ""), false},
		"turned round":                {`"loan" == subject`, entryOf("card", "", ""), false},
		"one of several":              {`subject in ["loan", "card"]`, entryOf("card", "", ""), true},
		"none of several":             {`subject in ["loan", "card"]`, entryOf("isa", "", ""), false},
		"not one":                     {`subject != "card"`, entryOf("card", "", ""), false},
		"not one, another":            {`subject != "card"`, entryOf("isa", "", ""), true},
		"not one, none":               {`subject != "card"`, entryOf("", "", ""), true},
		"not in":                      {`!(subject in ["card", "isa"])`, entryOf("isa", "", ""), false},
		"either":                      {`subject == "loan" || template == "invite"`, entryOf("card", "", "invite"), true},
		"neither":                     {`subject == "loan" || template == "invite"`, entryOf("card", "", "other"), false},
		"both":                        {`subject == "loan" && template == "offer"`, entryOf("loan", "", "other"), false},
		"not both":                    {`!(subject == "card" && template == "other")`, entryOf("card", "", "other"), false},
		"not both, one":               {`!(subject == "card" && template == "other")`, entryOf("card", "", "offer"), true},
		"a campaign":                  {`campaign != "spring"`, entryOf("loan", "spring", ""), false},
		"with its category":           {`category == "marketing" && subject == "loan"`, entryOf("card", "", ""), false},
		"of a category or a subject":  {`category == "service" || (category == "marketing" && subject == "loan")`, entryOf("card", "", ""), false},
		"a fact of the customer":      {`subject == "loan" && !tagged("vip")`, entryOf("card", "", ""), false},
		"a fact beside the subject":   {`subject == "loan" || !tagged("vip")`, entryOf("card", "", ""), true},
		"a priority is not kept":      {`priority == 0`, entryOf("card", "", ""), true},
		"a choice is too complicated": {`subject == "loan" ? true : false`, entryOf("card", "", ""), true},
	} {
		t.Run(name, func(t *testing.T) {
			v := say(t, "  - {id: r, when: '"+c.when+"', cap: {limit: 1, per: 7d}}\n", c.given)
			if got := v.Decision == touch.DecisionDefer; got != c.counts {
				t.Errorf("counts %v: %+v", got, v.Findings)
			}
			// What of says takes over the whole condition.
			v = say(t, "  - {id: r, when: '"+c.when+"', cap: {limit: 1, per: 7d, of: all}}\n", c.given)
			if v.Decision != touch.DecisionDefer {
				t.Errorf("of: all does not count it")
			}
		})
	}
	many := "false"
	for i := range 20 {
		many += ` || (subject == "s` + string(rune('a'+i)) + `" && template == "t")`
	}
	if got := found(t, "policy: p\nrules:\n  - {id: r, when: '"+many+"', cap: {limit: 1, per: 7d}}\n"); !strings.Contains(got, "warning") || !strings.Contains(got, "too complicated to count by") {
		t.Errorf("%q", got)
	}
}

// A cool-down without of begins with the outcomes of the contacts that its
// condition names, as a cap counts those.
func TestCooldownFollowsItsCondition(t *testing.T) {
	for name, c := range map[string]struct {
		when    string
		outcome touch.Outcome
		counts  bool
	}{
		"its category":          {`category == "marketing"`, touch.Outcome{Category: touch.Marketing}, true},
		"another category":      {`category == "marketing"`, touch.Outcome{Category: touch.Collection}, false},
		"no category":           {`category == "marketing"`, touch.Outcome{}, true},
		"another channel":       {`channel == "sms"`, touch.Outcome{Channel: touch.RMTask}, false},
		"a channel of the same": {`channel in text`, touch.Outcome{Channel: touch.SMS}, true},
		"another subject":       {`subject == "loan"`, touch.Outcome{Subject: "card"}, false},
		"no subject":            {`subject == "loan"`, touch.Outcome{Category: touch.Collection}, true},
		"not that template":     {`template != "other"`, touch.Outcome{Template: "other"}, false},
		"either":                {`channel == "sms" || subject == "loan"`, touch.Outcome{Channel: touch.Push, Subject: "loan"}, true},
		"neither":               {`channel == "sms" || subject == "loan"`, touch.Outcome{Channel: touch.Push, Subject: "card"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			rule := "  - {id: r, when: '" + c.when + "', cooldown: {after: [refused], for: 7 days"
			if v := say(t, rule+"}}\n", came(c.outcome)); (v.Decision == touch.DecisionDefer) != c.counts {
				t.Errorf("%s: %+v", v.Decision, v.Findings)
			}
			if v := say(t, rule+", of: all}}\n", came(c.outcome)); v.Decision != touch.DecisionDefer {
				t.Error("of: all does not count it")
			}
		})
	}
	// Who writes STOP under a service text wants no offers either.
	stop := func(q *ruleset.Question, _ *contactlog.Snapshot) {
		q.Customer.Outcomes = []touch.Outcome{{Kind: touch.OutcomeOptOut, At: q.Now.Add(-day), Category: touch.Service, Channel: touch.SMS}}
	}
	rule := "  - {id: r, when: category == 'marketing', cooldown: {after: [opt_out], for: forever"
	if v := say(t, rule+"}}\n", stop); v.Decision != touch.DecisionRefuse {
		t.Errorf("an opt-out from another category: %s", v.Decision)
	}
	if v := say(t, rule+", of: {categories: [marketing]}}}\n", stop); v.Decision != touch.DecisionAllow {
		t.Errorf("an opt-out that of leaves out: %s", v.Decision)
	}
}

func TestCountByChannel(t *testing.T) {
	entry := func(channel touch.Channel, kind contactlog.Kind) change {
		return was(day, func(e *contactlog.Entry) { e.Channel, e.Kind = channel, kind })
	}
	const byMethod, conversations, delivered = "{text: attempts, voice: conversations}", "conversations", "delivered"
	for name, c := range map[string]struct {
		count  string
		given  change
		counts bool
	}{
		"a text that was sent":           {byMethod, entry(touch.SMS, contactlog.Attempt), true},
		"a text that did not arrive":     {byMethod, entry(touch.SMS, contactlog.FailedAttempt), true},
		"a channel that is not named":    {byMethod, entry(touch.Push, contactlog.FailedAttempt), true},
		"a call that was missed":         {byMethod, entry(touch.AICall, contactlog.FailedAttempt), false},
		"a call that was abandoned":      {byMethod, entry(touch.AICall, contactlog.Connected), false},
		"a conversation":                 {byMethod, entry(touch.RMTask, contactlog.Conversation), true},
		"a call that rings":              {byMethod, entry(touch.AICall, contactlog.Attempt), true},
		"a call that was just taken":     {byMethod, entry(touch.AICall, contactlog.Delivered), true},
		"one channel of a method":        {"{voice: conversations, rm_task: attempts}", entry(touch.RMTask, contactlog.FailedAttempt), true},
		"the other of it":                {"{voice: conversations, rm_task: attempts}", entry(touch.AICall, contactlog.FailedAttempt), false},
		"calls, all stages, one rings":   {conversations, entry(touch.AICall, contactlog.Attempt), true},
		"calls, all stages, taken":       {"connected", entry(touch.AICall, contactlog.Delivered), true},
		"a text that nobody heard of":    {delivered, entry(touch.SMS, contactlog.Attempt), true},
		"a text known not to arrive":     {delivered, entry(touch.SMS, contactlog.FailedAttempt), false},
		"a text that arrived, no answer": {conversations, entry(touch.SMS, contactlog.Delivered), false},
	} {
		t.Run(name, func(t *testing.T) {
			v := say(t, "  - {id: r, cap: {limit: 1, per: 7d, count: "+c.count+"}}\n", c.given)
			if got := v.Decision == touch.DecisionDefer; got != c.counts {
				t.Errorf("counts %v: %+v", got, v.Findings)
			}
		})
	}
	for count, want := range map[string]string{
		"{voice: spoken}":                                "count is one of",
		"{vioce: attempts}":                              `unknown key "vioce" (did you mean voice?)`,
		"{voice: conversations, machine: attempts}":      "ai_call is counted by machine and by voice",
		"[attempts]":                                     "expected a text",
		"{voice: conversations, machine: conversations}": "",
	} {
		if got := found(t, "policy: p\nrules:\n  - {id: r, cap: {limit: 1, per: 7d, count: "+count+"}}\n"); !strings.Contains(got, want) || (want == "" && got != "") {
			t.Errorf("%s: %q", count, got)
		}
	}
}
