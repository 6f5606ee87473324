package policyfmt

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// section is the part of a document that changes are reported for: the head of
// a policy, one rule or one waiver. It has the text of each value by its path,
// such as "cap.limit".
type section struct {
	order  []string // of the paths, as they were written
	values map[string]string
}

// sections divides documents, by the names that Change.Where has.
func sections(sources []ruleset.Source) (map[string]*section, error) {
	all := map[string]*section{}
	for _, s := range sources {
		root, err := parse(s.Data)
		if err != nil {
			return nil, touch.Errorf(touch.Invalid, s.Name, "%w", err)
		}
		top := root.Content[0]
		name := s.Name // a calendar has no policy key
		if n := mapValue(top, "policy"); n != nil {
			name = n.Value
		}

		head := &section{values: map[string]string{}}
		for i := 0; i+1 < len(top.Content); i += 2 {
			key := top.Content[i].Value
			if key != "rules" && key != "waivers" {
				head.add(key, top.Content[i+1])
			}
		}
		all[name] = head

		for i, rule := range items(mapValue(top, "rules")) {
			id := fmt.Sprintf("rule %d", i+1)
			if n := mapValue(rule, "id"); n != nil {
				id = n.Value
			}
			all[name+"/"+id] = newSection(rule)
		}
		for _, waiver := range items(mapValue(top, "waivers")) {
			s := newSection(waiver)
			all[fmt.Sprintf("%s waiver of %s by %s", name, s.values["rule"], s.values["by"])] = s
		}
	}
	return all, nil
}

func newSection(n *yaml.Node) *section {
	s := &section{values: map[string]string{}}
	s.add("", n)
	return s
}

// add adds the values of n and of everything in it. A list of plain values is
// one value; any other list has a path for each item, such as "cap.limits[0]".
func (s *section) add(path string, n *yaml.Node) {
	switch {
	case n.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if path != "" {
				key = path + "." + key
			}
			s.add(key, n.Content[i+1])
		}
	case n.Kind == yaml.SequenceNode && slices.ContainsFunc(n.Content, isCompound):
		for i, item := range n.Content {
			s.add(fmt.Sprintf("%s[%d]", path, i), item)
		}
	case n.Kind == yaml.SequenceNode:
		texts := make([]string, 0, len(n.Content))
		for _, item := range n.Content {
			texts = append(texts, item.Value)
		}
		s.set(path, "["+strings.Join(texts, ", ")+"]")
	default:
		s.set(path, strings.TrimSpace(n.Value))
	}
}

func (s *section) set(path, text string) {
	s.order = append(s.order, path)
	s.values[path] = text
}

func isCompound(n *yaml.Node) bool { return n.Kind != yaml.ScalarNode }
