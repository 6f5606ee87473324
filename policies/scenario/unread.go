package scenario

import (
	"fmt"

	"touchgate.dev/policies/ruleset"
)

// UnreadNames lists the names in the steps that mean nothing to the policies:
// "the list nationl_dnc (did you mean national_dnc?) in step 3". A fact under such
// a name changes no answer.
func (f *File) UnreadNames(v *ruleset.Vocabulary) []string {
	var unread []string
	note := func(step int, kind, name string, names ruleset.Names) {
		if names.Has(name) {
			return
		}
		text := fmt.Sprintf("the %s %s", kind, name)
		if nearest := names.Nearest(name); nearest != "" {
			text += " (did you mean " + nearest + "?)"
		}
		unread = append(unread, fmt.Sprintf("%s in step %d", text, step+1))
	}
	for i := range f.Steps {
		switch s := &f.Steps[i]; s.Do {
		case "outcome":
			note(i, "outcome", s.Outcome, v.Outcomes)
		case "consent", "revoke":
			note(i, "scope", s.Scope, v.Scopes)
		case "register", "unregister":
			note(i, "list", s.Scope, v.Lists)
		}
	}
	return unread
}
