package httpapi

import (
	"maps"
	"net/url"
	"slices"

	"touchgate.dev/touch"
)

// checkQuery refuses a query parameter that the route does not know. With a
// misspelt filter a list would show everything, and with a misspelt dry_run a
// rehearsal would be the real thing. Public routes are called by vendors and
// probes, who may add what they like.
func (r *route) checkQuery(query string) error {
	if query == "" || r.access.public {
		return nil
	}
	given, err := url.ParseQuery(query)
	if err != nil {
		return malformed{touch.Errorf(touch.Invalid, "", "the query cannot be read")}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		switch {
		case !slices.Contains(r.query, name):
			return touch.Errorf(touch.Invalid, name, "is not a query parameter of this route")
		case len(given[name]) > 1:
			return touch.Errorf(touch.Invalid, name, "is given twice")
		}
	}
	return nil
}
