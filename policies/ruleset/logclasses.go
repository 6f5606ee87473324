package ruleset

import "touchgate.dev/policies/contactlog"

// maxClasses is how many classes of entries a log may have to be classified: a
// bit each, and few enough to compare with each other.
const maxClasses = 8

// logClasses sorts the entries of the question's log into classes: those that no
// cap can tell apart but by time and kind. Most customers have few, so a cap with
// a condition on texts asks once for each class, and not for each entry.
type logClasses struct {
	known   bool // for the present log
	tooMany bool
	first   []int   // an entry of each class
	of      []uint8 // the class of each entry
}

// classify sorts the entries of the log, once for each question.
func (e *evaluation) classify() *logClasses {
	c := &e.classes
	if c.known {
		return c
	}
	c.known = true
	c.tooMany = false
	c.first = c.first[:0]
	c.of = c.of[:0]
	entries := e.log.Entries
	for i := range entries {
		class := 0
		for class < len(c.first) && !sameClass(&entries[c.first[class]], &entries[i]) {
			class++
		}
		if class == maxClasses {
			c.tooMany = true
			return c
		}
		if class == len(c.first) {
			c.first = append(c.first, i)
		}
		c.of = append(c.of, uint8(class))
	}
	return c
}

// sameClass reports whether caps select both entries or neither.
func sameClass(a, b *contactlog.Entry) bool {
	return a.Subject == b.Subject && a.Template == b.Template && a.Campaign == b.Campaign && a.Caller == b.Caller &&
		a.Address == b.Address && a.Channel == b.Channel && a.Category == b.Category
}

// selectedClasses returns which classes of the log a match selects, a bit each;
// false if there are too many classes.
func (e *evaluation) selectedClasses(m *contactlog.Match) (selected uint8, known bool) {
	c := e.classify()
	if c.tooMany {
		return 0, false
	}
	for class, i := range c.first {
		if m.Selects(&e.log.Entries[i]) {
			selected |= 1 << class
		}
	}
	return selected, true
}
