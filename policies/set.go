package policies

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

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
		if err != nil || e.IsDir() || path.Ext(name) != ".yaml" {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		sources = append(sources, Source{Name: name, Data: data})
		return err
	})
	if err != nil {
		return nil, touch.Errorf(touch.Invalid, "policies", "the policies cannot be read: %w", err)
	}
	sort.Slice(sources, func(i, j int) bool { return sources[i].Name < sources[j].Name })
	return sources, nil
}

// Set is a compiled set of policy documents. It never changes and is safe for
// concurrent use. Our own suppression list binds in every set, by the rule
// "touchgate/suppression".
type Set struct {
	hash      string
	documents []*document
	rules     []*rule
	index     [numPairs][]*rule // by pairOf: those that may apply
	base      *place            // the customer's zones, by the options alone
	places    int
	memos     int
	hidden    []*rule // those that take contacts out of the count
	lists     []string
	keep      time.Duration
	ranked    pairs // those that a cap with start: ranked may bind
	tallies   Tallies
	pool      sync.Pool // of *evaluation
	zones     sync.Map  // name to *time.Location, nil for one that does not exist
}

// finish indexes the rules.
func (s *Set) finish(sources []Source, conditions []*condition) {
	s.memos = len(conditions)
	for _, d := range s.documents {
		s.places = max(s.places, d.place.slot+1)
	}
	s.places = max(s.places, s.base.slot+1)
	for _, r := range s.rules {
		for pair := range s.index {
			if r.pairs().has(pair) {
				s.index[pair] = append(s.index[pair], r)
			}
		}
		if l, ok := r.demand.(*limits); ok {
			if l.ranked {
				s.ranked |= r.pairs()
			}
			for i := range l.each {
				s.keep = max(s.keep, l.each[i].per.Max()+24*time.Hour)
			}
		}
		if a, ok := r.demand.(*absent); ok {
			s.lists = append(s.lists, a.lists...)
		}
	}
	slices.Sort(s.lists)
	s.lists = slices.Compact(s.lists)
	s.hash = hashOf(sources)
	s.pool.New = func() any { return newEvaluation(s) }
}

// hashOf names the documents' content: order and file names do not matter.
func hashOf(sources []Source) string {
	if len(sources) == 0 {
		return ""
	}
	var sums []string
	for _, src := range sources {
		sum := sha256.Sum256(src.Data)
		sums = append(sums, string(sum[:]))
	}
	slices.Sort(sums)
	sum := sha256.Sum256([]byte(strings.Join(sums, "")))
	return hex.EncodeToString(sum[:16])
}

// Hash names the content of the set: the same documents have the same
// hash, and no documents have "".
func (s *Set) Hash() string { return s.hash }

// Keep is how far back any rule looks into the contact log, with a margin of
// a day; 0 when no rule does.
func (s *Set) Keep() time.Duration { return s.keep }

// Lists gives the names of the lists that rules ask for, sorted. A name may
// hold a placeholder such as {subject}.
func (s *Set) Lists() []string { return s.lists }

// Rules gives the ids of all rules, in the order of the documents.
func (s *Set) Rules() []string {
	ids := make([]string, len(s.rules))
	for i, r := range s.rules {
		ids[i] = r.id
	}
	return ids
}
