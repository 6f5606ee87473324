package access

import (
	"slices"
	"strings"

	"touchgate.dev/gateway/validate"
	"touchgate.dev/touch"
)

// CommandLine is the maker of keys that were not made over the API.
const CommandLine = "command line"

// reservedNames stand in records for the program itself: a key of that name
// would pass for it.
var reservedNames = []string{
	"clock", "command line", "configuration", "dev", "escalation", "feeder", "gateway", "retention", "reconciler",
	"system", "touchgate", "worker",
}

// checkCaller checks the name of a new key's caller. It stands in records that
// people read, so nothing in it may be invisible or look like a name of ours.
func checkCaller(caller string, faults *touch.Faults) {
	validate.Name("caller", caller, validate.MaxName, faults)
	lower := strings.ToLower(strings.TrimSpace(caller))
	if slices.Contains(reservedNames, lower) || strings.HasPrefix(lower, "caller:") {
		faults.Add("caller", "%q is a name of Touchgate's own: choose another", lower)
	}
}
