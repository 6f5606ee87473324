package ruleset_test

import (
	"time"

	"touchgate.dev/policies/internal/policytest"
)

var (
	at      = policytest.At
	compile = policytest.Compile
	ask     = policytest.Ask
	known   = policytest.EmptyLog
)

func mustZone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return zone
}

const weekly = `
policy: house
rules:
  - {id: night, when: category == "marketing", hours: {daily: ["09:00-21:00"]}}
  - {id: weekly, when: category == "marketing", cap: {limit: 2, per: 7d}}
`
