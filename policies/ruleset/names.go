package ruleset

import (
	"slices"
	"strings"

	"touchgate.dev/internal/strictyaml"
)

// Names is a set of names that are known. It is read-only and safe for
// concurrent use; the zero Names knows none.
type Names struct {
	words    []string // sorted
	patterns []string // with "*" for any text
}

// makeNames makes a set. A name with a "*" stands for all that it matches.
func makeNames(all ...string) Names {
	var n Names
	for _, name := range all {
		if strings.Contains(name, "*") {
			n.patterns = append(n.patterns, name)
		} else if name != "" {
			n.words = append(n.words, name)
		}
	}
	slices.Sort(n.words)
	slices.Sort(n.patterns)
	n.words = slices.Compact(n.words)
	n.patterns = slices.Compact(n.patterns)
	return n
}

// Has reports whether a name is known.
func (n Names) Has(name string) bool {
	if _, found := slices.BinarySearch(n.words, name); found {
		return true
	}
	return slices.ContainsFunc(n.patterns, func(pattern string) bool { return matchesPattern(name, pattern) })
}

// Nearest returns the known name that is most like the given one, "" if none is
// like it. The parts between colons are compared one by one: "markting:smss" is
// like "marketing:sms", and "collection:night" is not like "collection:inbox".
func (n Names) Nearest(name string) string {
	parts := strings.Split(name, ":")
	nearest, most := "", -1
	for _, word := range n.words {
		candidate := strings.Split(word, ":")
		if len(candidate) != len(parts) {
			continue
		}
		near, equal := true, 0
		for i, part := range parts {
			_, ok := strictyaml.Nearest(part, candidate[i:i+1])
			near = near && ok
			if part == candidate[i] {
				equal++
			}
		}
		if near && equal > most {
			nearest, most = word, equal
		} else if near && equal == most {
			nearest, _ = strictyaml.Nearest(name, []string{nearest, word})
		}
	}
	return nearest
}

// All lists the names, sorted, and after them the patterns, in which a "*"
// stands for any text.
func (n Names) All() []string { return append(slices.Clone(n.words), n.patterns...) }

// matchesPattern reports whether a name is as the pattern says, in which each
// "*" stands for one letter or more.
func matchesPattern(name, pattern string) bool {
	head, rest, open := strings.Cut(pattern, "*")
	if !strings.HasPrefix(name, head) {
		return false
	}
	name = name[len(head):]
	if !open {
		return name == ""
	}
	for i := 1; i <= len(name); i++ {
		if matchesPattern(name[i:], rest) {
			return true
		}
	}
	return false
}
