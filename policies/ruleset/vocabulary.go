package ruleset

import (
	"strings"

	"touchgate.dev/policies/jurisdiction"
	"touchgate.dev/touch"
)

// Vocabulary is every name that means something under a rule set: what the
// program knows by itself, what the documents declare, and what their rules
// read. A fact under another name changes no verdict. It is read-only and safe
// for concurrent use.
type Vocabulary struct {
	// Scopes are those of consents: categories, "category:channel", and others.
	Scopes Names
	// Outcomes are what may come of a contact.
	Outcomes Names
	// Lists are suppression lists and registers.
	Lists Names
	Tags  Names
	// Jurisdictions are those beside the codes of countries and their parts: ask
	// KnowsJurisdiction.
	Jurisdictions Names
	// Preferences and Attributes are those that rules read, or documents declare.
	Preferences Values
	Attributes  Values
}

// Vocabulary is every name that means something under the set.
func (s *Set) Vocabulary() *Vocabulary { return s.vocabulary }

// KnowsJurisdiction reports whether a code names a country, a part of one, or
// what the documents declare. Capitals and small letters mean the same.
func (v *Vocabulary) KnowsJurisdiction(code string) bool {
	return jurisdiction.Known(code) || v.Jurisdictions.Has(jurisdiction.Canonical(code))
}

// NearestJurisdiction returns the known code that was most likely meant: "it"
// for "italy"; "" if there is none.
func (v *Vocabulary) NearestJurisdiction(code string) string {
	if declared := v.Jurisdictions.Nearest(jurisdiction.Canonical(code)); declared != "" {
		return declared
	}
	return jurisdiction.Nearest(code)
}

// nameKind is a kind of names. Its value is the word for it, and the key under
// which documents declare such names is its plural.
type nameKind string

const (
	scopeName        nameKind = "scope"
	outcomeName      nameKind = "outcome"
	listName         nameKind = "list"
	tagName          nameKind = "tag"
	jurisdictionName nameKind = "jurisdiction"
	preferenceName   nameKind = "preference"
	attributeName    nameKind = "attribute"
)

// nameKinds are all kinds, in the order of the reference.
var nameKinds = []nameKind{scopeName, outcomeName, listName, jurisdictionName, tagName, preferenceName, attributeName}

// plural is the key of the kind in a vocabulary.
func (k nameKind) plural() string { return string(k) + "s" }

// builtIn are the names of a kind that the program knows by itself.
func builtIn(kind nameKind) []string {
	var all []string
	switch kind {
	case scopeName:
		for _, category := range touch.Categories() {
			all = append(all, string(category))
			for _, channel := range touch.Channels() {
				all = append(all, string(category)+":"+string(channel))
			}
		}
	case outcomeName:
		all = touch.Outcomes()
	case listName:
		all = []string{touch.Suppression}
	}
	return all
}

// withParents adds to scopes those that they lie beneath: who revokes
// "research" revokes "research:panel" too.
func withParents(scopes []string) []string {
	all := scopes
	for _, scope := range scopes {
		for i, letter := range scope {
			if letter == ':' && !strings.Contains(scope[:i], "*") {
				all = append(all, scope[:i])
			}
		}
	}
	return all
}
