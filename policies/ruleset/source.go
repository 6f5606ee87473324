package ruleset

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"

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

// Hash names the content of documents as Set.Hash does, without compiling them.
func Hash(sources []Source) string { return hashOf(sources) }

// hashOf names the content of documents. Their order and file names do not
// matter, and no documents have "".
func hashOf(sources []Source) string {
	if len(sources) == 0 {
		return ""
	}
	var sums []string
	for _, source := range sources {
		sum := sha256.Sum256(source.Data)
		sums = append(sums, string(sum[:]))
	}
	slices.Sort(sums)
	sum := sha256.Sum256([]byte(strings.Join(sums, "")))
	return hex.EncodeToString(sum[:16])
}
