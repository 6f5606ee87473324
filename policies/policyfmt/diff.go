package policyfmt

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"touchgate.dev/policies/ruleset"
)

// Change is one difference between two sets of documents.
type Change struct {
	Kind string `json:"kind"` // added, removed or changed
	// Where is the name of a policy, or of a rule: "house/weekly".
	Where string `json:"where"`
	// Text is the change in words, for example "cap.limit: 3 becomes 2".
	Text string `json:"text"`
}

// String returns the change as one line.
func (c Change) String() string { return fmt.Sprintf("%-7s %s: %s", c.Kind, c.Where, c.Text) }

// Diff returns what was added, removed and changed between two sets of
// documents, sorted by Where. Policies are matched by name and rules by id, so
// order, layout, comments and file names do not matter. The error names a
// document that cannot be read.
func Diff(from, to []ruleset.Source) ([]Change, error) {
	before, err := sections(from)
	if err != nil {
		return nil, err
	}
	after, err := sections(to)
	if err != nil {
		return nil, err
	}

	var changes []Change
	for _, where := range slices.Sorted(maps.Keys(before)) {
		old := before[where]
		now := after[where]
		if now == nil {
			changes = append(changes, Change{Kind: "removed", Where: where, Text: old.summary()})
			continue
		}
		changes = append(changes, changesOf(where, old, now)...)
	}
	for _, where := range slices.Sorted(maps.Keys(after)) {
		if before[where] == nil {
			changes = append(changes, Change{Kind: "added", Where: where, Text: after[where].summary()})
		}
	}
	slices.SortStableFunc(changes, func(x, y Change) int { return cmp.Compare(x.Where, y.Where) })
	return changes, nil
}

// changesOf compares two versions of one section.
func changesOf(where string, old, now *section) []Change {
	var changes []Change
	add := func(format string, args ...any) {
		changes = append(changes, Change{Kind: "changed", Where: where, Text: fmt.Sprintf(format, args...)})
	}
	for _, path := range old.order {
		was := old.values[path]
		is, ok := now.values[path]
		switch {
		case !ok:
			add("%s is gone (it was %s)", path, was)
		case is != was:
			add("%s: %s becomes %s", path, was, is)
		}
	}
	for _, path := range now.order {
		if _, ok := old.values[path]; !ok {
			add("%s is new: %s", path, now.values[path])
		}
	}
	return changes
}

// summary returns the whole section as one line, its title first.
func (s *section) summary() string {
	var parts []string
	if title := s.values["title"]; title != "" {
		parts = append(parts, title)
	}
	for _, path := range s.order {
		if path != "id" && path != "title" && path != "policy" {
			parts = append(parts, path+": "+s.values[path])
		}
	}
	return strings.Join(parts, "; ")
}
