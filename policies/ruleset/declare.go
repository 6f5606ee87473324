package ruleset

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/cond"
	"touchgate.dev/policies/jurisdiction"
	"touchgate.dev/touch"
)

// names collects, while documents are read, which names they declare and which
// their rules read.
type names struct {
	declared map[nameKind][]string
	// closed are the kinds that the bank's vocabulary document lists: then no
	// name stands outside of a vocabulary.
	closed map[nameKind]bool
	reads  []nameRead
}

// nameRead is one place where a rule reads names.
type nameRead struct {
	reader reader
	node   yaml.Node
	kind   nameKind
	names  []string // with "*" for any text; one of them is meant
	value  ValueKind
}

// isVocabulary tells the bank's vocabulary document from a policy.
func isVocabulary(root *yaml.Node) bool {
	keys := rootKeys(root)
	return keys["vocabulary"] && !keys["policy"] && !keys["rules"]
}

// rootKeys are the keys of a document.
func rootKeys(root *yaml.Node) map[string]bool {
	keys := map[string]bool{}
	for i := 0; root.Kind == yaml.MappingNode && i < len(root.Content); i += 2 {
		keys[root.Content[i].Value] = true
	}
	return keys
}

// vocabularyDocument reads a document that declares names and nothing else.
func (c *compiler) vocabularyDocument(root *yaml.Node) {
	f := c.fields(root, "vocabulary", "title", "description", "version", "owner")
	for _, about := range []string{"title", "description", "version", "owner"} {
		c.text(f[about])
	}
	for _, kind := range c.declare(f["vocabulary"]) {
		c.names.closed[kind] = true
	}
}

// declare reads a vocabulary and returns the kinds that it lists.
func (c *compiler) declare(n *yaml.Node) (kinds []nameKind) {
	if n == nil {
		return nil
	}
	var keys []string
	for _, kind := range nameKinds {
		keys = append(keys, kind.plural())
	}
	f := c.fields(n, keys...)
	for _, kind := range nameKinds {
		list := f[kind.plural()]
		if list == nil {
			continue
		}
		kinds = append(kinds, kind)
		for _, name := range c.texts(list) {
			if fault := badName(kind, name); fault != "" {
				c.fault(list, "", "%q is not the name of a %s: %s", name, kind, fault)
				continue
			}
			c.names.declared[kind] = append(c.names.declared[kind], expansions(name)...)
		}
	}
	return kinds
}

// badName says what is wrong with a name that is declared; "" is nothing.
func badName(kind nameKind, name string) string {
	switch {
	case strings.TrimSpace(name) == "" || len(name) > 128:
		return "it has from 1 to 128 letters"
	case strings.TrimSpace(name) != name || strings.ContainsAny(name, "\t\r\n\x00"):
		return "it begins or ends with white space"
	case kind == jurisdictionName && jurisdiction.Canonical(name) != name:
		return "write it in small letters"
	}
	return ""
}

// expansions are the names that one with placeholders stands for. A placeholder
// whose values are not known becomes "*".
func expansions(name string) []string {
	all := []string{name}
	for _, p := range placeholders {
		if !strings.Contains(name, p) {
			continue
		}
		values := []string{"*"}
		switch p {
		case "{channel}":
			values = channelWords
		case "{category}":
			values = categoryWords
		}
		var filled []string
		for _, one := range all {
			for _, value := range values {
				filled = append(filled, strings.ReplaceAll(one, p, value))
			}
		}
		all = filled
	}
	return all
}

// readNames notes that a rule reads names at a node.
func (c *ruleReader) readNames(n *yaml.Node, kind nameKind, value ValueKind, written ...string) {
	if n == nil || len(written) == 0 {
		return
	}
	c.names.reads = append(c.names.reads, nameRead{reader: *c.reader, node: *n, kind: kind, names: written, value: value})
}

// readEach notes each name of a list by itself, with its placeholders filled.
func (c *ruleReader) readEach(n *yaml.Node, kind nameKind, written []string) {
	for i, name := range written {
		at := n
		if n != nil && n.Kind == yaml.SequenceNode && i < len(n.Content) {
			at = n.Content[i]
		}
		c.readNames(at, kind, "", expansions(name)...)
	}
}

// readsOf are the kinds of names that a condition's function reads, and what it
// reads in their values.
func readsOf(function string) (kinds []nameKind, value ValueKind) {
	switch function {
	case "consented", "revoked":
		return []nameKind{scopeName}, ""
	case "had":
		return []nameKind{outcomeName}, ""
	case "listed":
		return []nameKind{listName}, ""
	case "tagged":
		return []nameKind{tagName}, ""
	case "resident":
		return []nameKind{jurisdictionName}, ""
	case "within", "passed":
		return []nameKind{attributeName, preferenceName}, Instant
	case "fact":
		return []nameKind{attributeName}, Text
	case "number":
		return []nameKind{attributeName}, Number
	case "flag":
		return []nameKind{attributeName}, Flag
	case "known":
		return []nameKind{attributeName}, ""
	case "preference":
		return []nameKind{preferenceName}, Text
	}
	return nil, ""
}

// readCondition notes what a condition at a node reads.
func (c *ruleReader) readCondition(n *yaml.Node, condition *cond.Condition) {
	for _, read := range condition.Reads() {
		kinds, value := readsOf(read.Function)
		for _, kind := range kinds {
			c.readNames(lineWithin(n, read.Line), kind, value, read.Names...)
		}
	}
}

// vocabulary makes the set's vocabulary of what was collected.
func (n *names) vocabulary() *Vocabulary {
	all := map[nameKind][]string{}
	for _, kind := range nameKinds {
		all[kind] = append(builtIn(kind), n.declared[kind]...)
	}
	v := &Vocabulary{}
	for i := range n.reads {
		read := &n.reads[i]
		for _, name := range read.names {
			switch read.kind {
			case preferenceName:
				v.Preferences.add(name, read.value)
			case attributeName:
				v.Attributes.add(name, read.value)
			case jurisdictionName:
				name = jurisdiction.Canonical(name)
			}
			all[read.kind] = append(all[read.kind], name)
		}
	}
	v.Scopes = makeNames(withParents(all[scopeName])...)
	v.Outcomes = makeNames(all[outcomeName]...)
	v.Lists = makeNames(all[listName]...)
	v.Tags = makeNames(all[tagName]...)
	v.Jurisdictions = makeNames(all[jurisdictionName]...)
	v.Preferences.Names = makeNames(all[preferenceName]...)
	v.Attributes.Names = makeNames(all[attributeName]...)
	return v
}

// Words of categories and channels.
var (
	categoryWords = cond.Words(touch.Categories())
	channelWords  = cond.Words(touch.Channels())
)
