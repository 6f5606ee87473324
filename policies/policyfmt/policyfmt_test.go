package policyfmt_test

import (
	"io/fs"
	"strings"
	"testing"

	"touchgate.dev/policies/packs"
	"touchgate.dev/policies/policyfmt"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

const untidy = `# House rules of a bank.
# Signed off every spring.
rules:
    # people sleep
    - when: category == "marketing"
      hours: {mon-fri: ["09:00-20:00"]} # not on weekends
      id: night
    - {cap: {limit: 3, per: 7d}, id: weekly, when: category == "marketing"}
    - {id: daily, cap: {limit: 1, per: 1 day}}
zone:   customer
policy: house # its name
`

const tidy = `policy: house # its name
zone: customer
# House rules of a bank.
# Signed off every spring.
rules:
  # people sleep
  - id: night
    when: category == "marketing"
    hours: {mon-fri: ["09:00-20:00"]} # not on weekends

  - {id: weekly, when: category == "marketing", cap: {limit: 3, per: 7d}}
  - {id: daily, cap: {limit: 1, per: 1 day}}
`

func TestFormat(t *testing.T) {
	got, err := policyfmt.Format([]byte(untidy))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != tidy {
		t.Errorf("got\n%s\nwant\n%s", got, tidy)
	}
}

// TestFormatShippedPolicies: every document in the packs keeps its meaning and
// its comments, and does not change when it is formatted a second time.
func TestFormatShippedPolicies(t *testing.T) {
	var paths []string
	err := fs.WalkDir(packs.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".yaml") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 18 {
		t.Fatalf("found %d documents, want at least 18", len(paths))
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) { formatShipped(t, path) })
	}
}

func formatShipped(t *testing.T, path string) {
	data, err := fs.ReadFile(packs.FS(), path)
	if err != nil {
		t.Fatal(err)
	}
	once, err := policyfmt.Format(data)
	if err != nil {
		t.Fatal(err)
	}

	twice, err := policyfmt.Format(once)
	if err != nil {
		t.Fatal(err)
	}
	if string(twice) != string(once) {
		t.Errorf("formatted once:\n%s\nand twice:\n%s", once, twice)
	}

	changes, err := policyfmt.Diff(source(string(data)), source(string(once)))
	if err != nil || len(changes) != 0 {
		t.Errorf("the meaning changed: %v %v", changes, err)
	}
	if strings.Count(string(data), "#") != strings.Count(string(once), "#") {
		t.Errorf("a comment is lost:\n%s", once)
	}
}

func TestFormatRejects(t *testing.T) {
	for name, text := range map[string]string{
		"empty":         "",
		"not YAML":      "a: [",
		"two documents": "a: 1\n---\nb: 2\n",
	} {
		if _, err := policyfmt.Format([]byte(text)); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%s: got error %v, want class Invalid", name, err)
		}
	}
}

func source(text string) []ruleset.Source {
	return []ruleset.Source{{Name: "p.yaml", Data: []byte(text)}}
}

func TestDiffIgnoresLayout(t *testing.T) {
	changes, err := policyfmt.Diff(source(untidy), source(tidy))
	if err != nil || len(changes) != 0 {
		t.Errorf("got %v %v, want no changes", changes, err)
	}
}

func TestDiffInWords(t *testing.T) {
	after := `policy: house
title: House rules
zone: customer
rules:
  - {id: weekly, when: category == "marketing", cap: {limit: 2, per: 7d}, else: refuse}
  - {id: night, hours: {mon-fri: ["09:00-20:00", "21:00-22:00"]}}
  - {id: once, title: never twice, cap: {limits: [{limit: 1, per: forever}], by: [subject]}}
`
	changes, err := policyfmt.Diff(source(tidy), source(after))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range changes {
		lines = append(lines, c.String())
	}
	want := []string{
		`changed house: title is new: House rules`,
		`removed house/daily: cap.limit: 1; cap.per: 1 day`,
		`changed house/night: when is gone (it was category == "marketing")`,
		`changed house/night: hours.mon-fri: [09:00-20:00] becomes [09:00-20:00, 21:00-22:00]`,
		`added   house/once: never twice; cap.limits[0].limit: 1; cap.limits[0].per: forever; cap.by: [subject]`,
		`changed house/weekly: cap.limit: 3 becomes 2`,
		`changed house/weekly: else is new: refuse`,
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(lines, "\n"))
	}
}
