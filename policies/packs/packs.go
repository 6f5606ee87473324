// SPDX-License-Identifier: Apache-2.0

// Package packs holds the rule packs that ship with the program: contact laws
// and industry rules as policies, each beside its worked example and a page
// that says what it is. They are engineering research, not legal advice: have
// a pack signed off before it binds.
package packs

import (
	"embed"
	"io/fs"
	"path"

	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

//go:embed */policy.yaml */laws/*.yaml */scenarios.json */README.md
var files embed.FS

// FS holds a folder for each pack, with policy.yaml, scenarios.json and README.md.
func FS() fs.FS { return files }

// Names lists the packs, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic("packs: the embedded files can be listed: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Policy reads a pack's policies; an unknown name is of class NotFound.
func Policy(name string) ([]policies.Source, error) {
	sources, err := policies.ReadDir(files, name)
	if err != nil {
		return nil, touch.Errorf(touch.NotFound, "pack", "there is no pack %q", name)
	}
	return sources, nil
}

// Scenarios reads a pack's worked example.
func Scenarios(name string) ([]byte, error) {
	data, err := files.ReadFile(path.Join(name, "scenarios.json"))
	if err != nil {
		return nil, touch.Errorf(touch.NotFound, "pack", "there is no pack %q", name)
	}
	return data, nil
}
