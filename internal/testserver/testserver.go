// SPDX-License-Identifier: Apache-2.0

// Package testserver says what a test does that needs a real server.
package testserver

import (
	"os"
	"testing"
)

// Missing skips the test for want of what, or fails it where servers are
// required (REQUIRE_TEST_SERVERS is set): make test has installed them.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("REQUIRE_TEST_SERVERS") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}
