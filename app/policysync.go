package app

import (
	"context"
	"io/fs"
	"slices"
	"time"

	"touchgate.dev/ledger"
	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

// activatePolicies makes the documents of a folder the ledger's active set,
// unless they are already. Once a set was put into force over the API, by two
// people, the folder binds no more: a restart must not undo their decision.
func activatePolicies(ctx context.Context, l *ledger.Ledger, dir fs.FS, o policies.Options, now time.Time) error {
	enacted, err := l.PolicyChanges.List(ctx, ledger.ProposalActive, 1)
	if err != nil || len(enacted) > 0 {
		return err
	}
	sources, err := policies.ReadDir(dir, ".")
	if err != nil {
		return err
	}
	set, err := policies.Compile(sources, o)
	if err != nil {
		return err
	}
	active, err := l.PolicySets.Get(ctx, "")
	switch {
	case err == nil && active.Hash == set.Hash():
		return nil
	case err != nil && touch.ClassOf(err) != touch.NotFound:
		return err
	}
	docs := make(map[string][]byte, len(sources))
	for _, s := range sources {
		docs[s.Name] = s.Data
	}
	return l.PolicySets.Activate(ctx, ledger.PolicySet{
		Hash: set.Hash(), Documents: docs, CreatedAt: now, CreatedBy: "configuration",
	}, "configuration", now)
}

// followPolicies has the guard judge by the ledger's active set, whenever that
// changes. With none, our own suppression list is all that binds.
func followPolicies(sets ledger.PolicySets, guard *policies.Guard, o policies.Options) func(ctx context.Context, c *ledger.Control) error {
	return func(ctx context.Context, c *ledger.Control) error {
		if used := guard.Set(); used != nil && used.Hash() == c.PolicyHash {
			return nil
		}
		var sources []policies.Source
		if c.PolicyHash != "" {
			stored, err := sets.Get(ctx, c.PolicyHash)
			if err != nil {
				return err
			}
			for name, data := range stored.Documents {
				sources = append(sources, policies.Source{Name: name, Data: data})
			}
			slices.SortFunc(sources, func(a, b policies.Source) int {
				if a.Name < b.Name {
					return -1
				}
				return 1
			})
		}
		set, err := policies.Compile(sources, o)
		if err != nil {
			return err
		}
		guard.Use(set)
		return nil
	}
}
