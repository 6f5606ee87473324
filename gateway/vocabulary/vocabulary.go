// SPDX-License-Identifier: Apache-2.0

// Package vocabulary holds the names that callers write against the names that
// mean something under the policies in force. A revocation of "Marketing" that
// no rule looks for would be stored, and would stop nothing.
//
// Closed kinds, such as scopes and outcomes, are refused when nothing knows them.
// Open kinds, such as attributes, are warned of when they look like a slip of a
// name that a rule reads.
package vocabulary

import (
	"fmt"
	"strings"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// Checker checks names. It is safe for concurrent use.
type Checker struct {
	set func() *ruleset.Set
	// builtIn is what the program knows by itself, for a node that has no rule set.
	builtIn *ruleset.Vocabulary
}

// New makes a checker that follows the active rule set; set nil, or a set that is
// nil, leaves the names that the program knows by itself.
func New(set func() *ruleset.Set) *Checker {
	none, err := ruleset.Compile(nil, ruleset.Options{})
	if err != nil {
		panic(err) // no documents have no fault
	}
	if set == nil {
		set = func() *ruleset.Set { return nil }
	}
	return &Checker{set: set, builtIn: none.Vocabulary()}
}

func (c *Checker) known() *ruleset.Vocabulary {
	if set := c.set(); set != nil {
		return set.Vocabulary()
	}
	return c.builtIn
}

// Scope adds a fault if no rule and no channel knows the scope of a consent.
func (c *Checker) Scope(field, scope string, faults *touch.Faults) {
	if known := c.known().Scopes; scope != "" && !known.Has(scope) {
		faults.Add(field, "%s", unknown("scope", scope, known.Nearest(strings.ToLower(strings.TrimSpace(scope)))))
	}
}

// List adds a fault if no rule knows the list or register.
func (c *Checker) List(field, list string, faults *touch.Faults) {
	if known := c.known().Lists; list != "" && !known.Has(list) {
		faults.Add(field, "%s", unknown("list", list, known.Nearest(strings.ToLower(list))))
	}
}

// Outcome returns an outcome as rules spell it: "Refused" is "refused", and
// "unsubscribe" is "opt_out". It adds a fault if nobody has declared the word.
func (c *Checker) Outcome(field, outcome string, faults *touch.Faults) string {
	known := c.known().Outcomes
	spelled, ok := spellOutcome(outcome, known)
	if !ok {
		faults.Add(field, "%s", unknown("outcome", outcome, known.Nearest(folded(outcome))))
	}
	return spelled
}

// SpellOutcome returns an outcome as rules spell it, and a word that nobody has
// declared as it is: for reports that must not be refused.
func (c *Checker) SpellOutcome(outcome string) string {
	spelled, _ := spellOutcome(outcome, c.known().Outcomes)
	return spelled
}

func spellOutcome(outcome string, known ruleset.Names) (spelled string, ok bool) {
	switch {
	case outcome == "" || known.Has(outcome):
		return outcome, true
	case known.Has(folded(outcome)):
		return folded(outcome), true
	case touch.IsOptOut(outcome):
		return touch.OutcomeOptOut, true
	}
	return outcome, false
}

// folded returns a word in small letters, with "_" between its parts.
func folded(word string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(word), func(r rune) bool { return r == ' ' || r == '-' || r == '_' }), "_")
}

// Customer adds faults for jurisdictions that do not exist, and for values that a
// rule in force could not read.
func (c *Checker) Customer(profile *touch.Customer, faults *touch.Faults) {
	known := c.known()
	for i, code := range profile.Jurisdictions {
		if !known.KnowsJurisdiction(code) {
			faults.Add(fmt.Sprintf("jurisdictions[%d]", i), "%s", unknown("jurisdiction", code, known.NearestJurisdiction(code)))
		}
	}
	for name, value := range profile.Preferences {
		addError(known.CheckPreference(name, value), faults)
	}
	for name, value := range profile.Attributes {
		addError(known.CheckAttribute(name, value), faults)
	}
}

// Warnings lists the preferences, attributes and tags that no rule reads and that
// are spelled much like one that a rule reads.
func (c *Checker) Warnings(profile *touch.Customer) (warnings touch.Faults) {
	known := c.known()
	for name := range profile.Preferences {
		warn(known.Preferences.Names, "preference", "preferences."+name, name, &warnings)
	}
	for name := range profile.Attributes {
		warn(known.Attributes.Names, "attribute", "attributes."+name, name, &warnings)
	}
	for i, tag := range profile.Tags {
		warn(known.Tags, "tag", fmt.Sprintf("tags[%d]", i), tag, &warnings)
	}
	return warnings
}

func addError(err error, faults *touch.Faults) {
	if err != nil {
		*faults = append(*faults, touch.FaultsOf(err)...)
	}
}

// warn adds a warning about a name that is not known and much like a known one.
func warn(known ruleset.Names, kind, field, name string, warnings *touch.Faults) {
	if known.Has(name) {
		return
	}
	if nearest := known.Nearest(name); nearest != "" {
		warnings.Add(field, "no rule reads this %s (did you mean %s?)", kind, nearest)
	}
}

// unknown says that a name is not known, and which was most likely meant.
func unknown(kind, name, nearest string) string {
	if nearest != "" {
		return fmt.Sprintf("%q is not a known %s (did you mean %s?)", name, kind, nearest)
	}
	return fmt.Sprintf("%q is not a known %s: no rule in force reads it, and no policy declares it under vocabulary", name, kind)
}
