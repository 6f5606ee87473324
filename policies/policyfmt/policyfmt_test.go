package policyfmt_test

import (
	"io/fs"
	"strings"
	"testing"

	"touchgate.dev/policies"
	"touchgate.dev/policies/packs"
	"touchgate.dev/policies/policyfmt"
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
	if err != nil || string(got) != tidy {
		t.Fatalf("%v, got\n%s", err, got)
	}
}

// Every shipped document keeps its meaning, and formatting again changes nothing.
func TestFormatKeepsTheMeaning(t *testing.T) {
	n := 0
	err := fs.WalkDir(packs.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		n++
		data, err := fs.ReadFile(packs.FS(), path)
		if err != nil {
			return err
		}
		once, err := policyfmt.Format(data)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		again, err := policyfmt.Format(once)
		if err != nil || string(again) != string(once) {
			t.Errorf("%s: formatted twice is not as once (%v):\n%s", path, err, again)
		}
		changes, err := policyfmt.Diff(source(string(data)), source(string(once)))
		if err != nil || len(changes) != 0 {
			t.Errorf("%s: %v %v", path, changes, err)
		}
		if strings.Count(string(data), "#") != strings.Count(string(once), "#") {
			t.Errorf("%s: a comment is lost:\n%s", path, once)
		}
		return nil
	})
	if err != nil || n < 18 {
		t.Errorf("%d documents, %v", n, err)
	}
}

func TestFormatRefuses(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "not YAML": "a: [", "two documents": "a: 1\n---\nb: 2\n"} {
		if _, err := policyfmt.Format([]byte(text)); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func source(text string) []policies.Source {
	return []policies.Source{{Name: "p.yaml", Data: []byte(text)}}
}

func TestDiffInWords(t *testing.T) {
	if same, err := policyfmt.Diff(source(untidy), source(tidy)); err != nil || len(same) != 0 {
		t.Errorf("layout is a change: %v %v", same, err)
	}
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
