// SPDX-License-Identifier: Apache-2.0

// Package ruleset compiles policy documents (YAML) into an immutable Set, and
// evaluates the set: for one leg of one touch at one instant it says whether
// the leg may go, when if not now, and why.
//
// The package does no input or output. A Set is safe for concurrent use.
//
// Read from the top: compile.go turns documents into rules, kinds.go lists the
// kinds of rules, verdict.go evaluates a question, and each kind of rule has a
// file of its own.
package ruleset
