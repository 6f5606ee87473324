package ruleset

import (
	"touchgate.dev/policies/cond"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// fieldOf is the hash of a contact that holds a text variable.
var fieldOf = map[cond.Variable]contactlog.Field{
	cond.Subject:  contactlog.FieldSubject,
	cond.Campaign: contactlog.FieldCampaign,
	cond.Caller:   contactlog.FieldCaller,
	cond.Template: contactlog.FieldTemplate,
}

// matchOf selects the contacts that a condition holds for, as far as its texts
// go: its categories and channels are selected apart. It returns false if that is
// too complicated; every contact counts then.
func matchOf(when *cond.Condition) (contactlog.Match, bool) {
	if when == nil {
		return contactlog.Match{}, true
	}
	sorts, ok := when.Contacts()
	if !ok {
		return contactlog.Match{}, false
	}
	var m contactlog.Match
	for _, sort := range sorts {
		if len(sort.Terms) > 0 {
			m.AnyOf = alternatives(sorts)
			break
		}
	}
	if len(m.AnyOf) == 1 {
		simplify(&m)
	}
	return m, true
}

// simplify selects by plain hashes, which is cheaper, where the one alternative
// is that some fields have one text each.
func simplify(m *contactlog.Match) {
	fields := map[contactlog.Field]*uint64{
		contactlog.FieldSubject: &m.Subject, contactlog.FieldCampaign: &m.Campaign,
		contactlog.FieldCaller: &m.Caller, contactlog.FieldTemplate: &m.Template,
	}
	plain := contactlog.Match{}
	for _, term := range m.AnyOf[0].Terms {
		to := fields[term.Field]
		if term.Not || len(term.Hashes) != 1 || term.Hashes[0] == 0 || *to != 0 {
			m.Subject, m.Campaign, m.Caller, m.Template = plain.Subject, plain.Campaign, plain.Caller, plain.Template
			return
		}
		*to = term.Hashes[0]
	}
	m.AnyOf = nil
}

func alternatives(sorts []cond.Contacts) []contactlog.Alternative {
	var all []contactlog.Alternative
	for _, sort := range sorts {
		categories, channels, _ := sort.Scopes.Factors()
		a := contactlog.Alternative{Categories: categories, Channels: channels}
		for _, t := range sort.Terms {
			term := contactlog.Term{Field: fieldOf[t.Variable], Not: t.Not}
			for _, value := range t.Values {
				term.Hashes = append(term.Hashes, contactlog.Hash(value))
			}
			a.Terms = append(a.Terms, term)
		}
		all = append(all, a)
	}
	return all
}

// outcomesOf selects outcomes by the contacts that they came of. What an outcome
// does not say may be anything.
type outcomesOf struct {
	scopes cond.ScopeSet
	// sorts narrow them further; nil: they do not.
	sorts []cond.Contacts
	// byDefault is set if the rule has no "of". An opt-out then counts whatever
	// it answered: who writes STOP under a statement wants no offers either.
	byDefault bool
}

// outcomesWhere selects the outcomes of the contacts that a condition holds for.
func outcomesWhere(when *cond.Condition) outcomesOf {
	of := outcomesOf{scopes: cond.AllScopes, byDefault: true}
	if when == nil {
		return of
	}
	of.scopes = when.May()
	sorts, ok := when.Contacts()
	for i := range sorts {
		if ok && (len(sorts[i].Terms) > 0 || sorts[i].Scopes != of.scopes) {
			of.sorts = sorts
		}
	}
	return of
}

// has reports whether an outcome is among those selected.
func (of *outcomesOf) has(o *touch.Outcome) bool {
	if of.sorts == nil && (of.scopes == cond.AllScopes || (o.Category == "" && o.Channel == "")) {
		return true
	}
	if of.byDefault && o.Kind == touch.OutcomeOptOut {
		return true
	}
	asked := cond.AllScopes
	if o.Category != "" || o.Channel != "" {
		asked = cond.ScopesMatching(o.Category, o.Channel)
	}
	if of.sorts == nil {
		return of.scopes&asked != 0
	}
	for i := range of.sorts {
		if sort := &of.sorts[i]; sort.Scopes&asked != 0 && termsMayHold(sort.Terms, o) {
			return true
		}
	}
	return false
}

func termsMayHold(terms []cond.TextTerm, o *touch.Outcome) bool {
	for i := range terms {
		text := ""
		switch terms[i].Variable {
		case cond.Subject:
			text = o.Subject
		case cond.Campaign:
			text = o.Campaign
		case cond.Caller:
			text = o.Caller
		case cond.Template:
			text = o.Template
		}
		if text != "" && !terms[i].Holds(text) {
			return false
		}
	}
	return true
}
