package policyfmt

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// Change is one difference between two sets of documents.
type Change struct {
	Kind string `json:"kind"` // added, removed or changed
	// Where is a policy's name, or a rule's id: "house/weekly".
	Where string `json:"where"`
	// Text says it in words, for example "cap.limit: 3 becomes 2".
	Text string `json:"text"`
}

// String is a line.
func (c Change) String() string { return fmt.Sprintf("%-7s %s: %s", c.Kind, c.Where, c.Text) }

// Diff says what b adds, removes and changes. Policies are matched by name and
// rules by id, so that order, layout, comments and file names do not matter.
// An error names a document that cannot be read.
func Diff(a, b []policies.Source) ([]Change, error) {
	before, err := units(a)
	if err != nil {
		return nil, err
	}
	after, err := units(b)
	if err != nil {
		return nil, err
	}
	var changes []Change
	for _, where := range slices.Sorted(maps.Keys(before)) {
		if old, now := before[where], after[where]; now == nil {
			changes = append(changes, Change{"removed", where, old.summary()})
		} else {
			changes = append(changes, differences(where, old, now)...)
		}
	}
	for _, where := range slices.Sorted(maps.Keys(after)) {
		if before[where] == nil {
			changes = append(changes, Change{"added", where, after[where].summary()})
		}
	}
	slices.SortStableFunc(changes, func(x, y Change) int { return cmp.Compare(x.Where, y.Where) })
	return changes, nil
}

// unit is a policy's head, a rule, or a waiver: its values by path.
type unit struct {
	order  []string
	values map[string]string
}

// units takes documents apart.
func units(sources []policies.Source) (map[string]*unit, error) {
	all := map[string]*unit{}
	for _, s := range sources {
		root, err := parse(s.Data)
		if err != nil {
			return nil, touch.Errorf(touch.Invalid, s.Name, "%w", err)
		}
		top := root.Content[0]
		name := s.Name // of a calendar
		if n := value(top, "policy"); n != nil {
			name = n.Value
		}
		head := &unit{values: map[string]string{}}
		for i := 0; i+1 < len(top.Content); i += 2 {
			if key := top.Content[i].Value; key != "rules" && key != "waivers" {
				head.add(key, top.Content[i+1])
			}
		}
		all[name] = head
		for i, rule := range list(value(top, "rules")) {
			id := fmt.Sprintf("rule %d", i+1)
			if n := value(rule, "id"); n != nil {
				id = n.Value
			}
			all[name+"/"+id] = unitOf(rule)
		}
		for _, w := range list(value(top, "waivers")) {
			u := unitOf(w)
			all[fmt.Sprintf("%s waiver of %s by %s", name, u.values["rule"], u.values["by"])] = u
		}
	}
	return all, nil
}

func unitOf(n *yaml.Node) *unit {
	u := &unit{values: map[string]string{}}
	u.add("", n)
	return u
}

// add takes down the values of a node under its path.
func (u *unit) add(path string, n *yaml.Node) {
	switch {
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			u.add(join(path, n.Content[i].Value), n.Content[i+1])
		}
		return
	case n.Kind == yaml.SequenceNode && slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return c.Kind != yaml.ScalarNode }):
		for i, item := range n.Content {
			u.add(fmt.Sprintf("%s[%d]", path, i), item)
		}
		return
	}
	text := strings.TrimSpace(n.Value)
	if n.Kind == yaml.SequenceNode {
		var items []string
		for _, c := range n.Content {
			items = append(items, c.Value)
		}
		text = "[" + strings.Join(items, ", ") + "]"
	}
	u.order = append(u.order, path)
	u.values[path] = text
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// summary is the whole unit in one line.
func (u *unit) summary() string {
	var parts []string
	if title := u.values["title"]; title != "" {
		parts = append(parts, title)
	}
	for _, path := range u.order {
		if path != "id" && path != "title" && path != "policy" {
			parts = append(parts, path+": "+u.values[path])
		}
	}
	return strings.Join(parts, "; ")
}

func differences(where string, old, now *unit) []Change {
	var changes []Change
	say := func(format string, args ...any) {
		changes = append(changes, Change{"changed", where, fmt.Sprintf(format, args...)})
	}
	for _, path := range old.order {
		switch v, ok := now.values[path]; {
		case !ok:
			say("%s is gone (it was %s)", path, old.values[path])
		case v != old.values[path]:
			say("%s: %s becomes %s", path, old.values[path], v)
		}
	}
	for _, path := range now.order {
		if _, ok := old.values[path]; !ok {
			say("%s is new: %s", path, now.values[path])
		}
	}
	return changes
}
