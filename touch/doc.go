// SPDX-License-Identifier: Apache-2.0

// Package touch holds the types that all other packages share: what a caller
// asks for (Request), what a policy decides (Verdict), what a vendor reports
// (Result, Receipt) and what the ledger stores (Touch, Event).
//
// It imports the standard library only, and does no input or output. Its values
// are plain data: safe to copy, and safe for concurrent reading.
//
// Callers send many of these types as JSON, and the ledger stores them. So a
// JSON name, a value of a constant and the order of a table are never changed.
package touch
