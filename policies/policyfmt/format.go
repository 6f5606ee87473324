// SPDX-License-Identifier: Apache-2.0

// Package policyfmt works on policy documents as people write them. Format puts
// a document into its canonical form; Diff says in words how two sets of
// documents differ. Neither checks the rules: the compiler does. All
// functions are pure and safe for concurrent use.
package policyfmt

import (
	"bytes"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// The canonical order of keys. Keys that are not named stand where "" is: in a
// rule, that is the key of its kind, such as cap or hours.
var (
	documentOrder = []string{"policy", "title", "description", "source", "owner", "version", "floor", "shadow", "jurisdictions",
		"zone", "unknown_zone", "calendar", "holidays", "week_starts", "from", "until", "", "rules", "waivers"}
	ruleOrder   = []string{"id", "title", "when", "", "unless", "else", "from", "until", "shadow", "presumption"}
	waiverOrder = []string{"rule", "by", "reason", "from", "until", "when"}
)

// Format returns a document in canonical form: keys in one order, two spaces of
// indentation, and an empty line between rules of several lines. The meaning
// stays the same, and each comment stays with the line below it. The error is of
// class Invalid when data is not exactly one YAML document.
func Format(data []byte) ([]byte, error) {
	root, err := parse(data)
	if err != nil {
		return nil, err
	}

	// Other documents, such as calendars, keep the order of their keys.
	top := root.Content[0]
	if mapValue(top, "policy") != nil || mapValue(top, "rules") != nil {
		reorder(top, documentOrder)
		for _, rule := range items(mapValue(top, "rules")) {
			reorder(rule, ruleOrder)
		}
		for _, waiver := range items(mapValue(top, "waivers")) {
			reorder(waiver, waiverOrder)
		}
	}

	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return nil, touch.Errorf(touch.Invalid, "", "the document cannot be written: %w", err)
	}
	return spaceItems(b.Bytes()), nil
}

// reorder sorts the keys of a mapping by order. Keys that order does not name
// go where "" is, and keep their order.
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
		pairs = append(pairs, pair{key: n.Content[i], value: n.Content[i+1]})
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return rank(a.key.Value) - rank(b.key.Value) })
	for i, p := range pairs {
		n.Content[2*i] = p.key
		n.Content[2*i+1] = p.value
	}
}

// block is a run of lines that belong together: a top-level key with its value,
// or one rule or waiver. The comments above an item belong to it.
type block struct {
	lines []string
	item  bool // a rule or waiver
}

// spaceItems puts an empty line between two rules or waivers of which at least
// one has several lines. The YAML library drops the author's empty lines.
func spaceItems(data []byte) []byte {
	blocks := splitBlocks(strings.SplitAfter(string(data), "\n"))
	var b strings.Builder
	for i, current := range blocks {
		if i > 0 {
			previous := blocks[i-1]
			last := previous.lines[len(previous.lines)-1]
			if current.item && previous.item && (current.long() || previous.long()) && last != "\n" {
				b.WriteByte('\n')
			}
		}
		for _, line := range current.lines {
			b.WriteString(line)
		}
	}
	return []byte(b.String())
}

// splitBlocks divides the lines of an encoded document. Lines before the first
// key form a block of their own.
func splitBlocks(lines []string) []block {
	blocks := []block{{}}
	inList := false // of rules or waivers
	for _, line := range lines {
		current := &blocks[len(blocks)-1]
		switch {
		case inList && strings.HasPrefix(line, "  - "):
			comments := current.cutComments()
			blocks = append(blocks, block{lines: comments, item: true})
		case line != "" && !strings.ContainsAny(line[:1], " #\n"):
			inList = line == "rules:\n" || line == "waivers:\n"
			blocks = append(blocks, block{})
		}
		current = &blocks[len(blocks)-1]
		current.lines = append(current.lines, line)
	}
	return slices.DeleteFunc(blocks, func(b block) bool { return len(b.lines) == 0 })
}

// cutComments removes the comments at the end of a block, which belong to the
// item that follows, and returns them.
func (b *block) cutComments() []string {
	at := len(b.lines)
	for at > 0 && strings.HasPrefix(b.lines[at-1], "  #") {
		at--
	}
	comments := slices.Clone(b.lines[at:])
	b.lines = b.lines[:at]
	return comments
}

// long reports whether the block has more than one line that is not empty.
func (b *block) long() bool { return strings.TrimSpace(strings.Join(b.lines[1:], "")) != "" }
