package httpapi

import (
	"maps"
	"net/url"
	"slices"

	"touchgate.dev/touch"
)

// knows refuses a query parameter that the route has no use for: with a filter
// misspelt a list would show everything, and with dry_run misspelt a rehearsal
// would be the real thing. What is open is asked by vendors and probes, who may
// add what they like.
func (r *route) knows(query string) error {
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
