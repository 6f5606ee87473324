// SPDX-License-Identifier: Apache-2.0

// Package policies answers whether a touch may be sent. It is the face of the
// rules: Guard combines the compiled rule set (package ruleset) with the
// contact log (package contactlog). Forecast answers without side effect.
// Reserve answers and, if the answer is yes, reserves a place under every cap in
// the same step.
//
// A Guard is safe for concurrent use.
package policies

import "touchgate.dev/policies/ruleset"

// Question is one leg of a touch at one instant: what a Guard answers.
type Question = ruleset.Question

// Ahead is a waiting touch of higher priority, as a Question names it.
type Ahead = ruleset.Ahead
