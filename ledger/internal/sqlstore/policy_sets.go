package sqlstore

import (
	"context"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// Activate implements ledger.PolicySets.
func (s policySetStore) Activate(ctx context.Context, p ledger.PolicySet, actor string, now time.Time) error {
	if p.Hash == "" {
		return touch.Errorf(touch.Invalid, "hash", "a policy set has no hash")
	}
	e := touch.Event{At: now, Actor: actor, Reason: "policy " + p.Hash}
	return s.updateControl(ctx, e, func(t *tx) error {
		if err := savePolicySet(t, &p); err != nil {
			return err
		}
		return setActivePolicies(t, p.Hash)
	})
}

// savePolicySet stores documents under their hash.
func savePolicySet(t *tx, set *ledger.PolicySet) error {
	doc, err := marshal(set)
	if err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO policies (hash, doc) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, set.Hash, doc)
	return err
}

func setActivePolicies(t *tx, hash string) error {
	_, err := t.exec(`UPDATE control SET policy = $1 WHERE id = 1`, hash)
	return err
}

// Get implements ledger.PolicySets.
func (s policySetStore) Get(ctx context.Context, hash string) (*ledger.PolicySet, error) {
	return getDoc[ledger.PolicySet](ctx, s.core, "this policy set", `SELECT doc FROM policies
		WHERE hash = CASE WHEN $1 = '' THEN (SELECT policy FROM control WHERE id = 1) ELSE $1 END`, hash)
}
