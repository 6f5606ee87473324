package ruleset

import (
	"strings"

	"touchgate.dev/policies/jurisdiction"
	"touchgate.dev/touch"
)

// checkNames looks for names that nothing knows: a rule that reads one never
// does what its author meant. It runs once all documents are read, because a
// later one may declare a name.
func (c *compiler) checkNames() {
	for i := range c.names.reads {
		read := &c.names.reads[i]
		switch read.kind {
		case outcomeName:
			c.checkOutcome(read)
		case jurisdictionName:
			c.checkJurisdiction(read)
		case scopeName:
			c.checkScope(read)
		case listName:
			c.checkOpen(read, true)
		default:
			// Tags and what is known of a customer are the bank's own words; they
			// are checked where a vocabulary lists them.
			c.checkOpen(read, false)
		}
	}
}

// knownNames are those of a kind that are built in or declared.
func (n *names) knownNames(kind nameKind) Names {
	return makeNames(append(builtIn(kind), n.declared[kind]...)...)
}

// unknown reports a name that is neither built in nor declared.
func (c *compiler) unknown(read *nameRead, name, nearest string, certain bool) {
	hint := "declare it under vocabulary: " + read.kind.plural()
	if nearest != "" {
		hint = "did you mean " + nearest + "? Otherwise " + hint
	}
	report := read.reader.warn
	if certain || c.names.closed[read.kind] {
		report = read.reader.recent
	}
	article := "a"
	if strings.ContainsAny(string(read.kind[:1]), "aeiou") {
		article = "an"
	}
	report(&read.node, hint, "%q is not known as %s %s", name, article, read.kind)
}

// checkOutcome: the outcomes that are well known, and those declared.
func (c *compiler) checkOutcome(read *nameRead) {
	known := c.names.knownNames(outcomeName)
	for _, name := range read.names {
		if strings.Contains(name, "*") || known.Has(name) {
			return
		}
	}
	c.unknown(read, read.names[0], known.Nearest(read.names[0]), true)
}

// checkJurisdiction: codes of countries and their parts, and those declared.
func (c *compiler) checkJurisdiction(read *nameRead) {
	known := c.names.knownNames(jurisdictionName)
	for _, name := range read.names {
		if strings.Contains(name, "*") || jurisdiction.Known(name) || known.Has(jurisdiction.Canonical(name)) {
			return
		}
	}
	name := read.names[0]
	nearest := known.Nearest(jurisdiction.Canonical(name))
	if nearest == "" {
		nearest = jurisdiction.Nearest(name)
	}
	if name == "eu" || name == "EU" || name == "eea" {
		read.reader.recent(&read.node, "name the countries one by one", "%q is not known as a jurisdiction: customers live in countries", name)
		return
	}
	c.unknown(read, name, nearest, true)
}

// checkScope: a scope begins with a category, or is declared. A purpose beneath
// a category ("marketing:night") is warned of until it is declared.
func (c *compiler) checkScope(read *nameRead) {
	known := c.names.knownNames(scopeName)
	declared := makeNames(withParents(c.names.declared[scopeName])...)
	for _, name := range read.names {
		head, tail, _ := strings.Cut(name, ":")
		switch {
		case strings.Contains(head, "*"), known.Has(name), declared.Has(name):
			return
		case touch.Category(head).Valid() || declared.Has(head):
			if strings.Contains(tail, "*") {
				return
			}
		}
	}
	name := read.names[0]
	head, _, _ := strings.Cut(name, ":")
	headKnown := touch.Category(head).Valid() || declared.Has(head)
	c.unknown(read, name, known.Nearest(name), !headKnown)
}

// checkOpen: names of which the bank has its own, and need not list them.
func (c *compiler) checkOpen(read *nameRead, warned bool) {
	if !warned && !c.names.closed[read.kind] {
		return
	}
	known := c.names.knownNames(read.kind)
	if read.value == Instant { // an attribute or a preference
		known = makeNames(append(known.All(), append(c.names.declared[attributeName], c.names.declared[preferenceName]...)...)...)
	}
	for _, name := range read.names {
		// A name with an open part is known if one that is declared may be it.
		if strings.Contains(name, "*") || known.Has(name) {
			return
		}
		if read.kind == attributeName && strings.HasPrefix(name, "checked:") {
			return // the age of a register, under the name of the list
		}
	}
	name := read.names[0]
	nearest := known.Nearest(name)
	if nearest == "" {
		nearest = c.names.otherNear(read)
	}
	c.unknown(read, name, nearest, false)
}

// otherNear finds a name that other rules read and that is written nearly the
// same; "" if there is none.
func (n *names) otherNear(read *nameRead) string {
	var others []string
	for i := range n.reads {
		if other := &n.reads[i]; other.kind == read.kind && other.names[0] != read.names[0] {
			others = append(others, other.names[0])
		}
	}
	return makeNames(others...).Nearest(read.names[0])
}
