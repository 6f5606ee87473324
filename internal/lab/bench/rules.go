package bench

import (
	"time"

	"touchgate.dev/internal/oracle"
	"touchgate.dev/touch"
)

// policyDocument is in force in every measurement: a weekly cap that binds, a
// daily cap that is evaluated and never reached, and hours that never end.
const policyDocument = `policy: bench
title: What a measurement is held to
zone: UTC
rules:
  - {id: weekly, when: category == "marketing", cap: {limit: 10, per: 7d, by: [customer]}, else: refuse}
  - {id: daily, cap: {limit: 5000, per: 24h, by: [customer]}, else: defer}
  - {id: hours, when: category == "marketing", hours: {mon-sun: ["00:00-24:00"]}, else: defer}
`

// weeklyLimit is the limit of the weekly cap in policyDocument.
const weeklyLimit = 10

// oracleCaps are the same caps for the oracle, which shares no code with the
// rule engine.
func oracleCaps() []oracle.Cap {
	isMarketing := func(c touch.Category, _ touch.Channel) bool { return c == touch.Marketing }
	return []oracle.Cap{
		{Rule: "weekly", Limit: weeklyLimit, Rolling: 7 * 24 * time.Hour, Match: isMarketing},
		{Rule: "daily", Limit: 5000, Rolling: 24 * time.Hour},
	}
}
