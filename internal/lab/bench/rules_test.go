package bench

import (
	"strings"
	"testing"
	"time"

	"touchgate.dev/policies/ruleset"
)

// TestOracleCapsMatchPolicy: the oracle checks the caps of the policy.
func TestOracleCapsMatchPolicy(t *testing.T) {
	set, err := ruleset.Compile([]ruleset.Source{{Name: "bench.yaml", Data: []byte(policyDocument)}}, ruleset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	weekly := oracleCaps()[0]
	if !strings.Contains(policyDocument, "limit: 10, per: 7d") || weekly.Limit != weeklyLimit || weekly.Rolling != 7*24*time.Hour {
		t.Errorf("the oracle's weekly cap %+v differs from the policy's", weekly)
	}
	if len(set.Rules()) != 4 { // three, and the suppression list that always binds
		t.Errorf("the policy has the rules %v, want 4", set.Rules())
	}
}

func TestManyRulesCompile(t *testing.T) {
	for _, n := range []int{1, 30} {
		if _, err := ruleset.Compile([]ruleset.Source{{Name: "many.yaml", Data: []byte(manyRules(n))}}, ruleset.Options{}); err != nil {
			t.Errorf("%d rules: %v", n, err)
		}
	}
}
