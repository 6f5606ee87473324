// SPDX-License-Identifier: Apache-2.0

// Package touch holds the words of Touchgate: what a caller asks for, what a
// policy answers, what a vendor reports and what the ledger remembers. Every
// other package speaks in these types. It imports the standard library only,
// does no input or output, and all of its values are plain data: safe to copy,
// and safe for concurrent reading.
package touch
