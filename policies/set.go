package policies

import (
	"io/fs"
	"time"

	"touchgate.dev/policies/contactlog"
	"touchgate.dev/touch"
)

// Source is one policy document as it was written.
type Source struct {
	Name string
	Data []byte
}

// ReadDir reads every *.yaml file of dir and its sub-folders, sorted by name.
func ReadDir(fsys fs.FS, dir string) ([]Source, error) {
	var sources []Source
	err := fs.WalkDir(fsys, dir, func(name string, e fs.DirEntry, err error) error {
		return err
	})
	return sources, err
}

// Options are the bank's own settings beside its documents.
type Options struct {
	// Zones are the candidates for a customer whose zone is not known, where
	// the document names none; empty is every zone on Earth.
	Zones []string
}

// Set is a compiled set of policy documents. It never changes and is safe for
// concurrent use. Our own suppression list binds in every set.
type Set struct{ hash string }

// Compile checks sources and compiles them. The error is *Faults.
func Compile(sources []Source, o Options) (*Set, error) { return &Set{}, nil }

// Hash names the content of the set.
func (s *Set) Hash() string { return s.hash }

// Keep is how far back any rule looks into the contact log, with a margin; 0
// when no rule does.
func (s *Set) Keep() time.Duration { return 0 }

// Lists gives the names of the lists that rules ask for, sorted. A name may
// hold a placeholder such as {subject}.
func (s *Set) Lists() []string { return nil }

// Evaluate judges q against every rule.
func (s *Set) Evaluate(q Question, log contactlog.Snapshot) touch.Verdict {
	return touch.Verdict{Decision: touch.Allow, At: q.Now, Policy: s.hash}
}
