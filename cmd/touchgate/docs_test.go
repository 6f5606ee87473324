package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestArchitecturePaths checks that every path that docs/architecture.md names
// exists.
func TestArchitecturePaths(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	paths := regexp.MustCompile("`([a-z-]+/[a-zA-Z0-9_./-]*)`").FindAllSubmatch(page, -1)
	if len(paths) < 50 {
		t.Errorf("only %d paths were found", len(paths))
	}
	for _, path := range paths {
		if _, err := os.Stat(filepath.Join(root(t), string(path[1]))); err != nil {
			t.Errorf("%v", err)
		}
	}
}
