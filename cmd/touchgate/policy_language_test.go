package main

import (
	"os"
	"testing"
)

// languageCases are policies with scenarios whose answers were once wrong.
const languageCases = "../../policies/scenario/testdata/language"

func TestLanguageCases(t *testing.T) {
	folders, err := os.ReadDir(languageCases)
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) < 10 {
		t.Fatalf("%d folders, want 10", len(folders))
	}
	for _, folder := range folders {
		dir := languageCases + "/" + folder.Name()
		t.Run(folder.Name(), func(t *testing.T) {
			if folder.Name() == "no-calendar" {
				expect(t, exitFailed, []string{"policy", "explain", "--case", dir + "/case.json", "--policy", dir + "/policy.yaml"},
					"policy.yaml:4: holiday, eve and workday need a calendar", "1 fault")
				return
			}
			expect(t, exitOK, []string{"policy", "test", dir}, "ok: 1 scenarios")
		})
	}
}
