// SPDX-License-Identifier: Apache-2.0

// Package packs holds the rule packs that ship in the binary: contact laws and
// industry rules as policies. Each pack is a folder with its policy, a worked
// example (scenarios.json) and a page that says what it is and where it is
// from. Packs are engineering research, not legal advice: have a pack signed
// off before it binds.
package packs

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

//go:embed */policy.yaml */laws/*.yaml */scenarios.json */README.md
var files embed.FS

// Pack describes a rule pack, in the words of its own policy.
type Pack struct {
	Name  string // of its folder and its policy: "us-reg-f-hours"
	Title string // in one line
	// Jurisdictions are those of the customers that the pack binds. A pack
	// without any binds every customer.
	Jurisdictions []string
	// Source is the text of law that the pack is from, empty for house rules.
	Source string
}

// FS returns the embedded files: a folder for each pack, with policy.yaml,
// scenarios.json and README.md.
func FS() fs.FS { return files }

// Names returns the names of all packs, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic("packs: the embedded folder cannot be listed: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// List describes all packs, sorted by name. An error says that an embedded
// policy is not YAML.
func List() ([]Pack, error) {
	var all []Pack
	for _, name := range Names() {
		data, err := read(name, "policy.yaml")
		if err != nil {
			return nil, err
		}
		var head struct {
			Title         string   `yaml:"title"`
			Jurisdictions []string `yaml:"jurisdictions"`
			Source        string   `yaml:"source"`
		}
		if err := yaml.Unmarshal(data, &head); err != nil {
			return nil, fmt.Errorf("the policy of pack %s cannot be read: %w", name, err)
		}
		all = append(all, Pack{
			Name:          name,
			Title:         head.Title,
			Jurisdictions: head.Jurisdictions,
			Source:        head.Source,
		})
	}
	return all, nil
}

// Policy returns a pack's policy documents, sorted by path: most packs have
// one, a sample has several. The error for an unknown name is of class
// NotFound.
func Policy(name string) ([]ruleset.Source, error) {
	if err := known(name); err != nil {
		return nil, err
	}
	return ruleset.ReadDir(files, name)
}

// Scenarios returns a pack's worked example, for scenario.Parse. The error for
// an unknown name is of class NotFound.
func Scenarios(name string) ([]byte, error) { return read(name, "scenarios.json") }

// Page returns a pack's page, in Markdown: what the pack rules, how it reads
// the law and where the law is published. The error for an unknown name is of
// class NotFound.
func Page(name string) ([]byte, error) { return read(name, "README.md") }

// read returns one file of a pack.
func read(name, file string) ([]byte, error) {
	if err := known(name); err != nil {
		return nil, err
	}
	return files.ReadFile(path.Join(name, file))
}

// known refuses a name that is no pack's. Without it a path such as
// "bank-sample/laws" would read a part of a pack.
func known(name string) error {
	if !slices.Contains(Names(), name) {
		return touch.Errorf(touch.NotFound, "pack", "there is no pack %q", name)
	}
	return nil
}
