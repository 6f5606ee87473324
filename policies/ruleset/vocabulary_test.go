package ruleset_test

import (
	"errors"
	"strings"
	"testing"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// documents are sources by name, in the order in which they are given.
func documents(texts ...string) []ruleset.Source {
	var sources []ruleset.Source
	for i, text := range texts {
		sources = append(sources, ruleset.Source{Name: string(rune('a'+i)) + ".yaml", Data: []byte(text)})
	}
	return sources
}

// found compiles documents as new ones and returns their faults and warnings,
// each as it is printed; "fault" or "warning" stands before it.
func found(t *testing.T, texts ...string) string {
	t.Helper()
	var lines []string
	set, err := ruleset.Compile(documents(texts...), ruleset.Options{})
	var faults touch.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			lines = append(lines, "fault "+f.String())
		}
		return strings.Join(lines, "\n")
	}
	for _, w := range set.Warnings() {
		lines = append(lines, "warning "+w.String())
	}
	return strings.Join(lines, "\n")
}

func TestNamesThatNothingKnows(t *testing.T) {
	rule := func(s string) string { return "policy: p\nrules:\n  - {id: r, " + s + "}\n" }
	for name, c := range map[string]struct{ document, want string }{
		"outcome":             {rule("cooldown: {after: [optout], for: 7 days}"), `fault a.yaml:3: "optout" is not known as an outcome (did you mean opt_out?`},
		"one of two outcomes": {rule("cooldown: {after: [refused, conversatoin], for: 7 days}"), `fault a.yaml:3: "conversatoin" is not known as an outcome (did you mean conversation?`},
		"outcome, capitals":   {rule("cooldown: {after: [OPT_OUT], for: 7 days}"), `did you mean opt_out?`},
		"outcome in had":      {rule(`require: '!had("refussed", "7 days")'`), `fault a.yaml:3: "refussed" is not known as an outcome (did you mean refused?`},
		"outcome of a ratio":  {rule("ratio: {of: abandonned, over: connected, max: 3%, per: 30 days}"), `fault a.yaml:3: "abandonned" is not known`},
		"scope":               {rule(`require: consented("markting:smss")`), `fault a.yaml:3: "markting:smss" is not known as a scope (did you mean marketing:sms?`},
		"scope, capitals":     {rule(`require: consented("Marketing")`), `did you mean marketing?`},
		"scope, built":        {rule(`require: consented("markting:" + channel)`), `fault a.yaml:3: "markting:sms" is not known as a scope`},
		"scope, turned":       {rule(`require: consented(channel + ":" + category)`), `fault`},
		"scope in a choice":   {rule(`require: 'consented(channel == "sms" ? "marktng" : "marktng:push")'`), `did you mean marketing?`},
		"scope that lifts":    {rule(`cooldown: {after: [refused], for: 7 days, lifted_by: "marketin:{channel}"}`), `fault a.yaml:3: "marketin:sms" is not known as a scope`},
		"purpose":             {rule(`require: consented("marketing:smss")`), `warning a.yaml:3: "marketing:smss" is not known as a scope (did you mean marketing:sms?`},
		"purpose of its own":  {rule(`require: consented("marketing:night")`), `warning a.yaml:3: "marketing:night" is not known as a scope (declare it under vocabulary: scopes)`},
		"list":                {rule("absent_from: [nattional-dnc]"), `warning a.yaml:3: "nattional-dnc" is not known as a list (declare it under vocabulary: lists)`},
		"list, another rule":  {"policy: p\nrules:\n  - {id: a, absent_from: national-dnc}\n  - {id: b, absent_from: nattional-dnc}\n", `warning a.yaml:4: "nattional-dnc" is not known as a list (did you mean national-dnc?`},
		"list in listed":      {rule(`require: '!listed("supression")'`), `warning a.yaml:3: "supression" is not known as a list (did you mean suppression?`},
		"country":             {"policy: p\njurisdictions: [italy]\n", `fault a.yaml:2: "italy" is not known as a jurisdiction (did you mean it?`},
		"country's part":      {"policy: p\njurisdictions: [us-fla]\n", `did you mean us-fl?`},
		"country, three":      {"policy: p\njurisdictions: [fr, USA]\n", `"USA" is not known as a jurisdiction (did you mean us?`},
		"a dash":              {"policy: p\njurisdictions: [us_fl]\n", `did you mean us-fl?`},
		"no country":          {"policy: p\njurisdictions: [eu]\n", `"eu" is not known as a jurisdiction`},
		"resident":            {rule(`when: resident("germany"), require: 'false'`), `did you mean de?`},
		"on its own line": {"policy: p\nrules:\n  - id: r\n    require: |\n      consented(\"marketing\") ||\n      consented(\"servise\")\n",
			`fault a.yaml:6: "servise" is not known as a scope (did you mean service?`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := found(t, c.document); !strings.Contains(got, c.want) {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

func TestNamesThatAreKnown(t *testing.T) {
	for name, document := range map[string]string{
		"scopes":        `require: consented("marketing") || consented("marketing:" + channel) || consented(category + ":" + channel) || revoked("collection:ai_call")`,
		"an open scope": `require: consented("marketing:" + subject) || consented(subject)`,
		"outcomes":      `cooldown: {after: [conversation, refused, opt_out, no_answer, abandoned, completed], for: 7 days}`,
		"stages":        `ratio: {of: no_answer, over: attempts, max: 3%, per: 30 days}`,
		"places":        `require: resident("us") || resident("us-ny-nyc") || resident("uk") || resident("GB-SCT") || resident("cn-31")`,
		"bank's own":    `require: flag("vip") && preference("language") == "fr" && tagged("gold") && passed("hold_until")`,
		"our list":      `absent_from: suppression`,
	} {
		t.Run(name, func(t *testing.T) {
			if got := found(t, "policy: p\nrules:\n  - {id: r, '"+strings.Replace(strings.ReplaceAll(document, "'", "''"), ": ", "': ", 1)+"}\n"); got != "" {
				t.Error(got)
			}
		})
	}
}

// ownWords is what a bank's vocabulary document looks like.
const ownWords = `
title: Words of our own
vocabulary:
  scopes: [marketing:night, research:panel]
  outcomes: [promise_to_pay]
  lists: [national-dnc, "branch:{subject}"]
  jurisdictions: [us-ny-brooklyn, group]
  tags: [gold]
  attributes: [vip]
`

func TestDeclaredNames(t *testing.T) {
	const uses = `
policy: p
jurisdictions: [group]
rules:
  - {id: a, cooldown: {after: [promise_to_pay], for: 7 days, lifted_by: research}}
  - {id: b, require: consented("marketing:night") && consented("research:panel") && tagged("gold") && flag("vip")}
  - {id: c, absent_from: [national-dnc, "branch:{subject}"]}
`
	if got := found(t, uses, ownWords); got != "" {
		t.Errorf("declared in a document of its own: %s", got)
	}
	if got := found(t, uses+strings.TrimPrefix(ownWords, "\ntitle: Words of our own\n")); got != "" {
		t.Errorf("declared in the policy: %s", got)
	}
	// The document of its own lists all: a word that is not in it is a fault.
	for rule, want := range map[string]string{
		`absent_from: [nattional-dnc]`:           `fault a.yaml:3: "nattional-dnc" is not known as a list (did you mean national-dnc?`,
		`require: consented("marketing:nigth")`:  `fault a.yaml:3: "marketing:nigth" is not known as a scope (did you mean marketing:night?`,
		`require: tagged("golden")`:              `fault a.yaml:3: "golden" is not known as a tag (did you mean gold?`,
		`require: flag("vipp")`:                  `fault a.yaml:3: "vipp" is not known as an attribute (did you mean vip?`,
		`require: preference("language") == "x"`: ``, // it lists no preferences
	} {
		got := found(t, "policy: p\nrules:\n  - {id: r, "+rule+"}\n", ownWords)
		if !strings.HasPrefix(got, want) || (want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", rule, got, want)
		}
	}
}

func TestBadVocabulary(t *testing.T) {
	for document, want := range map[string]string{
		"vocabulary: {scopess: [a]}":         `unknown key "scopess" (did you mean scopes?)`,
		"vocabulary: {scopes: {a: b}}":       "expected a list",
		`vocabulary: {tags: [" gold"]}`:      "white space",
		`vocabulary: {tags: [""]}`:           "from 1 to 128",
		"vocabulary: {jurisdictions: [EU]}":  "small letters",
		"vocabulary: {tags: [a]}\nzone: UTC": `unknown key "zone"`,
	} {
		if got := found(t, document); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", document, got, want)
		}
	}
}

// A set in force keeps working, and says what a new one may not have.
func TestStoredSetHasNoNewFaults(t *testing.T) {
	sources := documents(`policy: p
jurisdictions: [italy]
rules:
  - {id: a, cooldown: {after: [optout], for: 7 days}}
  - {id: b, hours: {mon-fri: ["09:00-20:00"], holiday: []}}
  - {id: c, cooldown: {after: [refused], for: 10 business days}}
`)
	set, err := ruleset.Compile(sources, ruleset.Options{Stored: true})
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, w := range set.Warnings() {
		lines = append(lines, w.Line)
	}
	if len(lines) != 4 || lines[0] != 2 || lines[1] != 4 || lines[2] != 5 || lines[3] != 6 {
		t.Errorf("warnings %v", set.Warnings())
	}
	if _, err := ruleset.Compile(sources, ruleset.Options{}); err == nil {
		t.Error("a new set may have the same faults")
	}
	// What was a fault before still is one.
	if _, err := ruleset.Compile(documents("policy: p\nruls: []\n"), ruleset.Options{Stored: true}); err == nil {
		t.Error("a stored set may have any fault")
	}
}

func TestVocabularyOfASet(t *testing.T) {
	set, err := ruleset.Compile(documents(`
policy: p
rules:
  - {id: a, absent_from: {lists: ["dnd:{subject}", old], checked_within: 21 days}, unless: consented("marketing:sale")}
  - {id: b, own: {quiet: quiet}}
  - {id: c, own: {hold: hold_until}}
  - {id: d, require: 'number("age") > 18.0 && flag("vip") && fact("segment") == "a" && known("iban") && within("bought:" + subject, "1 year")'}
  - {id: e, require: preference("language") == "fr" && consented("trial:" + subject)}
`, ownWords+"  preferences: [colour]\n"), ruleset.Options{Stored: true})
	if err != nil {
		t.Fatal(err)
	}
	v := set.Vocabulary()
	for kind, c := range map[string]struct {
		names   ruleset.Names
		has, no []string
	}{
		"scopes":      {v.Scopes, []string{"marketing", "marketing:sms", "marketing:sale", "marketing:night", "research", "research:panel", "trial:loan"}, []string{"Marketing", "sms:marketing", "all", "marketing ", "", "trial:"}},
		"outcomes":    {v.Outcomes, []string{"opt_out", "promise_to_pay"}, []string{"Opt_Out", "unsubscribe"}},
		"lists":       {v.Lists, []string{"suppression", "national-dnc", "branch:a", "dnd:loan", "old"}, []string{"nattional-dnc", "branch:"}},
		"tags":        {v.Tags, []string{"gold"}, []string{"silver"}},
		"preferences": {v.Preferences.Names, []string{"quiet", "hold_until", "language", "colour"}, []string{"quite"}},
		"attributes":  {v.Attributes.Names, []string{"age", "vip", "segment", "iban", "bought:loan", "hold_until", "checked:old", "checked:dnd:loan"}, []string{"ages"}},
	} {
		for _, name := range c.has {
			if !c.names.Has(name) {
				t.Errorf("%s: %q is not known", kind, name)
			}
		}
		for _, name := range c.no {
			if c.names.Has(name) {
				t.Errorf("%s: %q is known", kind, name)
			}
		}
	}
	if v.Scopes.Nearest("markting:smss") != "marketing:sms" || v.Lists.Nearest("nattional-dnc") != "national-dnc" || v.Scopes.Nearest("xyzzy") != "" {
		t.Errorf("nearest %q, %q, %q", v.Scopes.Nearest("markting:smss"), v.Lists.Nearest("nattional-dnc"), v.Scopes.Nearest("xyzzy"))
	}
	if !v.KnowsJurisdiction("US-FL") || !v.KnowsJurisdiction("group") || v.KnowsJurisdiction("italy") || v.NearestJurisdiction("italy") != "it" {
		t.Error("jurisdictions")
	}
}

func TestValuesThatRulesRead(t *testing.T) {
	v := compile(t, `
policy: p
rules:
  - {id: a, own: {quiet: quiet}}
  - {id: b, own: {hold: hold_until}}
  - {id: c, require: 'number("age") > 18.0 && flag("vip") && fact("segment") == "a" && within("bought:" + subject, "1 year")'}
`).Vocabulary()
	for value, right := range map[string]bool{
		"22:00-07:00": true, "mon-fri 08:00-18:00; sat 12:00-14:00": true, "": true,
		"22:00–07:00": false, "10pm-7am": false, "none": false, "22:00": false,
	} {
		if err := v.CheckPreference("quiet", value); (err == nil) != right {
			t.Errorf("quiet %q: %v", value, err)
		}
		if err := v.CheckPreference("colour", value); err != nil {
			t.Errorf("a preference that no rule reads: %v", err)
		}
	}
	for _, c := range []struct {
		name  string
		value any
		right bool
	}{
		{"hold_until", "2026-08-11", true}, {"hold_until", "2026-08-11T09:00:00+02:00", true}, {"hold_until", "11.8.2026", false}, {"hold_until", 5.0, false},
		{"age", 19.0, true}, {"age", 19, true}, {"age", "19", false}, {"age", true, false}, {"age", nil, true},
		{"vip", true, true}, {"vip", "true", false}, {"segment", "a", true}, {"segment", 1.0, false},
		{"bought:loan", "2026-08-11", true}, {"bought:loan", "lately", false}, {"other", []any{1}, true},
	} {
		err := v.CheckAttribute(c.name, c.value)
		if (err == nil) != c.right {
			t.Errorf("%s %v: %v", c.name, c.value, err)
		}
		if err != nil && touch.ClassOf(err) != touch.Invalid {
			t.Errorf("class %s", touch.ClassOf(err))
		}
	}
	if err := v.CheckPreference("hold_until", "soon"); err == nil || !strings.Contains(err.Error(), "2026-08-11") {
		t.Errorf("%v", err)
	}
}

// A fault in hours adds no other about the rules before them.
func TestFaultyHoursAreOneFault(t *testing.T) {
	for _, window := range []string{"9:00-20:00", "22:00-08:00", "08:00-25:00"} {
		got := found(t, "policy: p\nrules:\n  - {id: a, hours: {daily: ['09:00-10:00']}}\n  - {id: b, hours: {daily: ['"+window+"']}}\n")
		if strings.Count(got, "fault") != 1 || !strings.HasPrefix(got, "fault a.yaml:4: ") {
			t.Errorf("%s: %s", window, got)
		}
	}
}
