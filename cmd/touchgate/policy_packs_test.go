package main

import (
	"strings"
	"testing"

	"touchgate.dev/policies/packs"
)

func TestPolicyPacksList(t *testing.T) {
	out, status := touchgate(t, "policy", "packs", "list")
	if status != exitOK {
		t.Fatalf("status %d: %s", status, out)
	}

	lines := strings.Split(out, "\n")
	line := func(name string) string {
		for _, l := range lines {
			if strings.HasPrefix(strings.TrimSpace(l), name+" ") {
				return l
			}
		}
		return ""
	}
	for _, name := range packs.Names() {
		if line(name) == "" {
			t.Errorf("pack %s is not listed in\n%s", name, out)
		}
	}
	for name, texts := range map[string][]string{
		"uk-pecr-tps": {"uk, gb", "Telephone Preference Service", "PECR 2003 regulation 21"},
		"bank-sample": {"all", "House rules of a retail bank"},
	} {
		for _, text := range texts {
			if !strings.Contains(line(name), text) {
				t.Errorf("%s: %q is missing in %q", name, text, line(name))
			}
		}
	}
}

func TestPolicyPacksShow(t *testing.T) {
	show := func(args ...string) []string { return append([]string{"policy", "packs", "show"}, args...) }

	expect(t, exitOK, show("us-reg-f-hours"), "# us-reg-f-hours/policy.yaml\npolicy: us-reg-f-hours\n", "rules:")
	expect(t, exitOK, show("bank-sample"), "# bank-sample/laws/us-reg-f-hours.yaml\n", "# bank-sample/policy.yaml\n")
	expect(t, exitOK, show("us-reg-f-hours", "--page"), "# ", "not legal advice")

	expect(t, exitFailed, show("narnia"), `there is no pack "narnia"`)
	expect(t, exitFailed, show("bank-sample/laws"), `there is no pack "bank-sample/laws"`)
	expect(t, exitUsage, show())
}

// TestPolicyPacksShowIsAPolicy checks that what `show` prints can be compiled
// as it is, after a redirection into a file.
func TestPolicyPacksShowIsAPolicy(t *testing.T) {
	for _, name := range packs.Names() {
		if name == "bank-sample" {
			continue // several documents
		}
		text, _ := touchgate(t, "policy", "packs", "show", name)
		dir := files(t, map[string]string{name + ".yaml": text})
		expect(t, exitOK, []string{"policy", "check", dir}, "ok: 1 documents")
	}
}
