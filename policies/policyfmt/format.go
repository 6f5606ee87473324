// SPDX-License-Identifier: Apache-2.0

// Package policyfmt works on policy documents as people write them: it puts a
// document into its canonical form, and says in words how two sets of
// documents differ. It judges nothing; policies.Compile tells whether a
// document is good. The functions are pure.
package policyfmt

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// The order of keys. What a rule asks for stands where "" does.
var (
	documentOrder = []string{"policy", "title", "description", "source", "owner", "version", "floor", "shadow", "jurisdictions",
		"zone", "unknown_zone", "calendar", "holidays", "week_starts", "from", "until", "", "rules", "waivers"}
	ruleOrder   = []string{"id", "title", "when", "", "unless", "else", "from", "until", "shadow", "presumption"}
	waiverOrder = []string{"rule", "by", "reason", "from", "until", "when"}
)

// Format gives a document in canonical form: keys in one order, two spaces of
// indentation, an empty line between rules of several lines. Comments stay
// with what they stand before, and the meaning is the same. Class Invalid:
// not one YAML document.
func Format(data []byte) ([]byte, error) {
	root, err := parse(data)
	if err != nil {
		return nil, err
	}
	if top := root.Content[0]; value(top, "policy") != nil || value(top, "rules") != nil {
		reorder(top, documentOrder)
		for _, rule := range list(value(top, "rules")) {
			reorder(rule, ruleOrder)
		}
		for _, waiver := range list(value(top, "waivers")) {
			reorder(waiver, waiverOrder)
		}
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return nil, touch.Errorf(touch.Invalid, "", "the document cannot be written: %w", err)
	}
	return airy(b.Bytes()), nil
}

// parse reads one document.
func parse(data []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var root, more yaml.Node
	switch err := d.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, touch.Errorf(touch.Invalid, "", "the document is empty")
	case err != nil:
		return nil, touch.Errorf(touch.Invalid, "", "not YAML: %w", err)
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, touch.Errorf(touch.Invalid, "", "a file holds one document")
	}
	return &root, nil
}

// value finds the value of a key; nil when n is no mapping or lacks it.
func value(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// list gives the items of a list, none where n is none.
func list(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// reorder sorts the keys of a mapping; those that order lacks go where "" is.
func reorder(n *yaml.Node, order []string) {
	if n.Kind != yaml.MappingNode {
		return
	}
	rank := func(key string) int {
		if i := slices.Index(order, key); i >= 0 {
			return i
		}
		return slices.Index(order, "")
	}
	type pair struct{ key, value *yaml.Node }
	pairs := make([]pair, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		pairs = append(pairs, pair{n.Content[i], n.Content[i+1]})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return rank(a.key.Value) - rank(b.key.Value) })
	for i, p := range pairs {
		n.Content[2*i], n.Content[2*i+1] = p.key, p.value
	}
}

// airy puts an empty line between two rules, or waivers, of which one has
// several lines or a comment of its own.
func airy(data []byte) []byte {
	lines := strings.SplitAfter(string(data), "\n")
	var starts []int // of items, with the comments above them
	within := false
	for i, l := range lines {
		switch {
		case strings.HasPrefix(l, "  - ") && within:
			for i > 0 && strings.HasPrefix(lines[i-1], "  #") {
				i--
			}
			starts = append(starts, i)
		case l != "" && !strings.ContainsAny(l[:1], " #\n"):
			within = l == "rules:\n" || l == "waivers:\n"
			starts = append(starts, i)
		}
	}
	starts = append(starts, len(lines))
	long := func(k int) bool { return len(strings.TrimSpace(strings.Join(lines[starts[k]+1:starts[k+1]], ""))) > 0 }
	gap := map[int]bool{}
	for k := 1; k+1 < len(starts); k++ {
		item, before := strings.HasPrefix(lines[starts[k]], "  "), strings.HasPrefix(lines[starts[k-1]], "  ")
		gap[starts[k]] = item && before && (long(k) || long(k-1)) && lines[starts[k]-1] != "\n"
	}
	var b strings.Builder
	for i, l := range lines {
		if gap[i] {
			b.WriteByte('\n')
		}
		b.WriteString(l)
	}
	return []byte(b.String())
}
