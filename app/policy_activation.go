package app

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"touchgate.dev/gateway/vocabulary"
	"touchgate.dev/ledger"
	"touchgate.dev/ledger/counter"
	"touchgate.dev/policies"
	"touchgate.dev/policies/contactlog"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// rules are the policies in force on this node: the ledger's active set, and
// the guard that judges touches by it.
type rules struct {
	sets       ledger.PolicySets
	changes    ledger.PolicyChanges
	guard      *policies.Guard
	outcomes   *counter.Counter // for rules that bound a ratio
	options    ruleset.Options  // each set is compiled with them
	vocabulary *vocabulary.Checker
	log        *slog.Logger
}

// newRules makes rules that judge by a contact log. They have no policies until
// follow has run.
func newRules(l *ledger.Ledger, contacts contactlog.Log, log *slog.Logger) *rules {
	outcomes := counter.New(l.Events)
	guard := policies.NewGuard(contacts, contactEntries(l))
	return &rules{
		vocabulary: vocabulary.New(guard.Set),
		sets:       l.PolicySets,
		changes:    l.PolicyChanges,
		guard:      guard,
		outcomes:   outcomes,
		options:    ruleset.Options{CountOutcomes: outcomes.Count},
		log:        log,
	}
}

// policyFolder returns the documents to activate at the start, or nil if there
// are none or the role does not do it.
func policyFolder(cfg *Config, o Options) fs.FS {
	switch {
	case !cfg.Role.Gateway():
		return nil
	case o.Policies != nil:
		return o.Policies
	case cfg.Policies.Dir != "":
		return os.DirFS(cfg.Policies.Dir)
	}
	return nil
}

// activate makes the documents of a folder the ledger's active set, unless they
// are it already; nil is no folder. Once two people have activated a set over
// the API, the folder has no effect any more: a restart must not undo their
// decision.
func (r *rules) activate(ctx context.Context, folder fs.FS, now time.Time) error {
	if folder == nil {
		return nil
	}
	approved, err := r.changes.List(ctx, ledger.ProposalActive, 1)
	if err != nil || len(approved) > 0 {
		return err
	}
	sources, err := ruleset.ReadDir(folder, ".")
	if err != nil {
		return err
	}
	active, err := r.sets.Get(ctx, "")
	switch {
	case err == nil && active.Hash == ruleset.Hash(sources):
		return nil // even if this version of the program would find a fault now
	case err != nil && touch.ClassOf(err) != touch.NotFound:
		return err
	}
	set, err := ruleset.Compile(sources, r.options)
	if err != nil {
		return err
	}

	documents := make(map[string][]byte, len(sources))
	for _, s := range sources {
		documents[s.Name] = s.Data
	}
	return r.sets.Activate(ctx, ledger.PolicySet{
		Hash:      set.Hash(),
		Documents: documents,
		CreatedAt: now,
		CreatedBy: "configuration",
	}, "configuration", now)
}

// follow has the guard judge by the policies that a new view of the ledger
// names. If it names none only our own suppression list applies. The watcher
// calls it before the view is published, so that no touch is accepted with the
// new version of the controls and judged by the old policies.
func (r *rules) follow(ctx context.Context, c *ledger.Control) error {
	if used := r.guard.Set(); used != nil && used.Hash() == c.PolicyHash {
		return nil
	}
	var sources []ruleset.Source
	if c.PolicyHash != "" {
		stored, err := r.sets.Get(ctx, c.PolicyHash)
		if err != nil {
			return err
		}
		for name, data := range stored.Documents {
			sources = append(sources, ruleset.Source{Name: name, Data: data})
		}
		slices.SortFunc(sources, func(a, b ruleset.Source) int { return strings.Compare(a.Name, b.Name) })
	}

	options := r.options
	options.Stored = true
	set, err := ruleset.Compile(sources, options)
	if err != nil {
		return err
	}
	for _, w := range set.Warnings() {
		r.log.Warn("a policy in force is doubtful", "at", fmt.Sprintf("%s:%d", w.File, w.Line), "warning", w.Message)
	}
	r.guard.Use(set)
	return nil
}
