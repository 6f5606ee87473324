package ruleset_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

func faults(t *testing.T, document string) touch.Faults {
	t.Helper()
	set, err := ruleset.Compile([]ruleset.Source{{Name: "bad.yaml", Data: []byte(document)}}, ruleset.Options{})
	var f touch.Faults
	if !errors.As(err, &f) || set != nil || touch.ClassOf(err) != touch.Invalid {
		t.Fatalf("set %v, error %v: want faults of class invalid", set, err)
	}
	return f
}

func TestFaultLinesAndHints(t *testing.T) {
	rule := func(s string) string { return "policy: p\nrules:\n  - {id: r, " + s + "}\n" }
	for name, c := range map[string]struct {
		document, message string
		line              int
	}{
		"empty":                   {"", "empty", 0},
		"no mapping":              {"- a\n", "expected keys and values", 1},
		"not YAML":                {"policy: p\nrules: [\n", "not YAML", 2},
		"two documents":           {"policy: p\n---\npolicy: q\n", "one document", 2},
		"unknown key":             {"policy: p\nruls: []\n", `unknown key "ruls" (did you mean rules?)`, 2},
		"key twice":               {"policy: p\npolicy: q\n", "stands here twice", 2},
		"alias":                   {"policy: p\nrules:\n  - &a {id: r, require: 'true'}\n  - *a\n", "expected keys and values", 4},
		"unknown rule key":        {rule("whn: 'true', require: 'true'"), `unknown key "whn" (did you mean when?)`, 3},
		"no kind":                 {rule("when: 'true'"), "asks for nothing", 3},
		"two kinds":               {rule("require: 'true', cap: {limit: 1, per: 7d}"), "asks for one thing", 3},
		"bad id":                  {"policy: p\nrules:\n  - {id: Ünder, require: 'true'}\n", "is not a name", 3},
		"ids twice":               {"policy: p\nrules:\n  - {id: r, require: 'true'}\n  - {id: r, require: 'true'}\n", "two rules have the id", 4},
		"cap of zero":             {rule("cap: {limit: 0, per: 7d}"), "whole number from 1", 3},
		"cap below zero":          {rule("cap: {limit: -3, per: 7d}"), "whole number from 1", 3},
		"cap of text":             {rule("cap: {limit: three, per: 7d}"), "whole number", 3},
		"cap without per":         {rule("cap: {limit: 3}"), "limit and per", 3},
		"bad span":                {rule("cap: {limit: 3, per: 7 fortnights}"), "is not a span", 3},
		"span of nothing":         {rule("cap: {limit: 3, per: 0 days}"), "from 1 to 3660", 3},
		"bad key":                 {rule("cap: {limit: 3, per: 7d, by: [debt]}"), "is not a key to count by", 3},
		"bad start":               {rule("cap: {limit: 3, per: 7d, start: first}"), "start is ranked", 3},
		"ranked and refused":      {rule("cap: {limit: 3, per: 7d, start: ranked}, else: refuse"), "waits, and is not refused", 3},
		"bad count":               {rule("cap: {limit: 3, per: 7d, count: calls}"), "count is one of", 3},
		"not a product":           {rule(`when: 'category == "marketing" || channel == "sms"', cap: {limit: 3, per: 7d}`), "does not tell which contacts", 3},
		"never opens":             {rule("hours: {mon-fri: []}"), "never opens", 3},
		"only margin":             {rule(`hours: {daily: ["09:00-09:01"], margin: 2m}`), "never opens", 3},
		"backwards window":        {rule(`hours: {daily: ["22:00-08:00"]}`), "ends after it begins", 3},
		"overlap":                 {rule(`hours: {daily: ["08:00-12:00", "11:00-13:00"]}`), "overlap", 3},
		"bad window":              {rule(`hours: {daily: ["8-12"]}`), "is not a window", 3},
		"25 o'clock":              {rule(`hours: {daily: ["08:00-25:00"]}`), "is not a window", 3},
		"bad day":                 {rule(`hours: {monday: ["08:00-12:00"]}`), "is not a day", 3},
		"unknown zone":            {"policy: p\nzone: Asia/Shangai\n", `there is no zone "Asia/Shangai"`, 2},
		"unknown candidate":       {"policy: p\nunknown_zone: [Asia/Shanghai, Mars/Olympus]\n", "Mars/Olympus", 2},
		"unknown calendar":        {"policy: p\ncalendar: narnia\n", `there is no calendar "narnia"`, 2},
		"bad holiday":             {"policy: p\nholidays: [2026-02-30]\n", "is not a date", 2},
		"typo in CEL":             {rule(`when: categry == "marketing", require: 'true'`), "did you mean category?", 3},
		"unknown function":        {rule(`require: consentd("marketing")`), "did you mean consented?", 3},
		"wrong type":              {rule(`when: priority == "high", require: 'true'`), "no matching overload", 3},
		"not boolean":             {rule(`require: category`), "true or false", 3},
		"broken CEL":              {rule(`require: "category == "`), "Syntax error", 3},
		"unknown category":        {rule(`when: category == "advertising", require: 'true'`), `"advertising" is not a category`, 3},
		"unknown channel":         {rule(`when: 'channel in ["sms", "fax"]', require: 'true'`), `"fax" is not a channel`, 3},
		"never true":              {rule(`when: category == "marketing" && category == "service", require: 'true'`), "never true", 3},
		"comma in a flow":         {rule(`require: within("bought", "7d")`), "not YAML: a text in braces ends at a comma", 3}, // its own line, not that before
		"and how to mend it":      {rule(`require: within("bought", "7d")`), "put the whole condition in single quotes, as in require: '", 3},
		"a list in a flow":        {rule(`when: channel in ["sms", "push"], require: 'true'`), "in single quotes, as in when: '", 3},
		"in a flow of more lines": {"policy: p\nrules:\n  - {id: a, require: 'true'}\n  - {id: r,\n     when: category == \"marketing\",\n     require: consented(\"x\", \"2 years\")}\n", "in single quotes, as in require: '", 6},
		"after a block":           {"policy: p\nrules:\n  - id: a\n    require: |\n      consented(\"x\", \"2 years\") || {\n  - {id: r, require: consented(\"x\", \"2 years\")}\n", "in single quotes", 6},
		"window without a zero":   {rule(`hours: {daily: ["9:00-20:00"]}`), "did you mean 09:00-20:00?", 3},
		"comma without quotes":    {rule(`require: within(subject, subject)`), "put a condition with commas in quotes", 3},
		"leading not":             {rule(`when: !(channel in human), require: 'true'`), "begins with ! in quotes", 3},
		"reserved name":           {"policy: touchgate\n", "is our own", 1},
		"loop":                    {rule(`require: '[1,2].all(x, x > 0)'`), "is not known here", 3},
		"bad span in CEL":         {rule(`require: 'within("bought", "18 moons")'`), "is not a span", 3},
		"computed span in CEL":    {rule(`require: 'within("bought", subject)'`), "written out", 3},
		"CEL in a block":          {"policy: p\nrules:\n  - id: r\n    when: |\n      category == \"marketing\" &&\n      chanel == \"sms\"\n    require: 'true'\n", "did you mean channel?", 6},
		"long CEL":                {rule(`require: '` + strings.Repeat("true && ", 300) + `true'`), "more than 2000 characters", 3},
		"times without within":    {rule(`cooldown: {after: [no_answer], for: 7d, times: 3}`), "go together", 3},
		"else allow":              {rule(`require: 'true', else: allow`), "defer or refuse", 3},
		"until before from":       {rule(`require: 'true', from: 2026-08-11, until: 2026-08-11`), "ends before it begins", 3},
		"bad date":                {rule(`require: 'true', from: soon`), "neither a date", 3},
		"bad list":                {rule(`absent_from: "dnd {subject}"`), "not the name of a list", 3},
		"bad placeholder":         {rule(`absent_from: "dnd:{debt}"`), "not the name of a list", 3},
		"no cooldown":             {rule(`cooldown: {after: [refused]}`), "after and for", 3},
		"floor in shadow":         {"policy: p\nfloor: true\nshadow: true\n", "cannot be shadowed", 3},
		"floor rule in shadow":    {"policy: p\nfloor: true\nrules:\n  - {id: r, shadow: true, require: 'true'}\n", "binds", 4},
		"unsigned sign-off":       {rule(`require: 'true', presumption: {signed_by: Risk}`), "names who signed", 3},
		"waiver without an end":   {"policy: p\nrules:\n  - {id: r, require: 'true'}\nwaivers:\n  - {rule: r, by: Risk, reason: trial}\n", "its end", 5},
		"waiver of nothing":       {"policy: p\nwaivers:\n  - {rule: r, by: Risk, reason: trial, until: 2027-01-01}\n", "there is no rule", 3},
		"waiver of a floor":       {"policy: p\nfloor: true\nrules:\n  - {id: r, require: 'true'}\nwaivers:\n  - {rule: r, by: Risk, reason: trial, until: 2027-01-01}\n", "cannot be waived", 6},
		"waiver of suppression":   {"policy: p\nwaivers:\n  - {rule: touchgate/suppression, by: Risk, reason: trial, until: 2027-01-01}\n", "cannot be waived", 3},
		"holdout without an end":  {rule(`holdout: {share: 5%, key: k}`), "has an end", 3},
		"holdout of everybody":    {rule(`until: 2027-01-01, holdout: {share: 100%, key: k}`), "above zero", 3},
		"ratio without its parts": {rule(`ratio: {of: abandoned, max: 3%}`), "of, over, max and per", 3},
		"hours that never meet":   {"policy: p\nrules:\n  - {id: a, hours: {sat: ['09:00-12:00']}}\n  - {id: b, when: channel == 'sms', hours: {sat: ['12:00-15:00'], sun: ['09:00-12:00']}}\n", "p/b\" are never open together", 4},
		"a letter of Latin-1":     {"policy: p\ntitle: caf\xe9\n", "UTF-8", 2},
		"a tab":                   {"policy: p\nrules:\n\t- {id: a}\n", "spaces, not with tabs", 3},
		"one sign to compare":     {rule(`require: 'category = "marketing"'`), "compare with two signs", 3},
		"the word and":            {rule(`require: 'category == "marketing" and channel == "sms"'`), "write && for and", 3},
		"a text without quotes":   {rule(`require: category == marketing`), `in quotes: "marketing"`, 3},
		"no condition":            {rule(`require: ''`), "the condition is empty", 3},
		"CEL too deep":            {rule(`require: '` + strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300) + `'`), "recursion", 3},
		"own of nothing":          {rule(`own: {}`), "names one preference", 3},
	} {
		t.Run(name, func(t *testing.T) {
			list := faults(t, c.document)
			for _, f := range list {
				if strings.Contains(f.String(), c.message) && f.Line == c.line && f.File == "bad.yaml" {
					return
				}
			}
			t.Errorf("faults %v\nwant %q on line %d", list, c.message, c.line)
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, err := ruleset.Compile([]ruleset.Source{
		{Name: "b.yaml", Data: []byte("policy: b\nzone: Nowhere\nrules:\n  - {id: a, cap: {limit: 0, per: 7d}}\n  - {id: b, require: chanel}\n")},
		{Name: "a.yaml", Data: []byte("policy: a\nextra: 1\n")},
	}, ruleset.Options{})
	var f touch.Faults
	if !errors.As(err, &f) {
		t.Fatal(err)
	}
	var got []string
	for _, one := range f {
		got = append(got, fmt.Sprintf("%s:%d", one.File, one.Line))
	}
	if want := "a.yaml:2 b.yaml:2 b.yaml:4 b.yaml:5"; strings.Join(got, " ") != want {
		t.Errorf("faults at %v, want %s", got, want)
	}
}

func TestExemptCannotHideFromMandatory(t *testing.T) {
	_, err := ruleset.Compile([]ruleset.Source{
		{Name: "law.yaml", Data: []byte("policy: law\nfloor: true\nrules:\n  - {id: cap, when: category == 'collection', cap: {limit: 7, per: 7 days}}\n")},
		{Name: "house.yaml", Data: []byte("policy: house\nrules:\n  - {id: hide, when: channel == 'sms', uncounted: true}\n")},
	}, ruleset.Options{})
	if err == nil || !strings.Contains(err.Error(), "house.yaml:3: ") || !strings.Contains(err.Error(), "house/hide") {
		t.Errorf("%v", err)
	}
}

func manyRules(n int) string {
	var b strings.Builder
	b.WriteString("policy: many\nrules:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {id: r%d, when: category == 'marketing' && campaign == 'c%d', cap: {limit: 3, per: 7d}}\n", i, i%50)
	}
	return b.String()
}

func TestTooManyRules(t *testing.T) {
	begun := time.Now()
	if list := faults(t, manyRules(10_001)); !strings.Contains(list[0].String(), "10001 rules up to here; 10000 is the most") {
		t.Error(list[0])
	}
	t.Logf("10,000 rules were refused in %s", time.Since(begun).Round(time.Millisecond))
}

func TestHash(t *testing.T) {
	a, b := ruleset.Source{Name: "a", Data: []byte("policy: a\n")}, ruleset.Source{Name: "b", Data: []byte("policy: b\n")}
	hash := func(sources ...ruleset.Source) string {
		set, err := ruleset.Compile(sources, ruleset.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return set.Hash()
	}
	if hash(a, b) != hash(b, a) || hash(a) == hash(b) || len(hash(a)) != 32 {
		t.Error("the hash names the content, whatever its order")
	}
}

func TestCalendarFiles(t *testing.T) {
	calendar := "calendar: bank\nversion: '3'\nowner: o@bank.example\nsource: board\nextends: cn\nholidays: [{from: 2026-03-03, name: Founders' Day}]\n"
	sources := []ruleset.Source{
		{Name: "a.yaml", Data: []byte("policy: a\ncalendar: bank\nrules:\n  - {id: h, hours: {daily: ['09:00-17:00'], holiday: []}}\n")},
		{Name: "b.yaml", Data: []byte(calendar)},
	}
	set, err := ruleset.Compile(sources, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := set.Evaluate(ask("k", "c", touch.Service, touch.SMS, at(t, "03-03 10:00")), known)
	if v.Decision != touch.DecisionDefer || !v.Until.Equal(at(t, "03-04 09:00")) {
		t.Errorf("%s until %s", v.Decision, v.Until)
	}
	sources[1].Data = []byte(strings.Replace(calendar, "source: board", "sauce: board", 1))
	_, err = ruleset.Compile(sources, ruleset.Options{})
	if err == nil || !strings.Contains(err.Error(), "b.yaml:4: ") || !strings.Contains(err.Error(), "sauce") {
		t.Errorf("%v", err)
	}
}

func TestKeep(t *testing.T) {
	set := compile(t, `
policy: p
rules:
  - {id: a, cap: {limits: [{limit: 1, per: 1m}, {limit: 9, per: 30d}]}}
`)
	if set.Keep() < 30*24*time.Hour || set.Keep() > 32*24*time.Hour {
		t.Errorf("keep %s", set.Keep())
	}
}

// Whatever is written, compiling ends with a set or with faults.
func FuzzCompile(f *testing.F) {
	f.Add([]byte(weekly))
	f.Add([]byte(manyRules(3)))
	for _, document := range untilPolicies {
		f.Add([]byte(document))
	}
	f.Add([]byte("calendar: x\nversion: '1'\nowner: o\nsource: s\nholidays: [{from: 2026-01-01}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		set, err := ruleset.Compile([]ruleset.Source{{Name: "f.yaml", Data: data}}, ruleset.Options{})
		if (set == nil) == (err == nil) {
			t.Fatal(set, err)
		}
		if err != nil && touch.ClassOf(err) != touch.Invalid {
			t.Fatal(err)
		}
		if set != nil {
			set.Evaluate(ask("k", "c", touch.Marketing, touch.SMS, time.Unix(1772424000, 0)), known)
		}
	})
}
