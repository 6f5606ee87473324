// SPDX-License-Identifier: Apache-2.0

// Package examples holds sample policies, templates and touches. `touchgate serve
// --dev` and `touchgate demo` start with them, and a newcomer can copy them.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed policies templates.json
var files embed.FS

// Policies returns a folder with policy documents of a retail bank.
func Policies() fs.FS {
	dir, err := fs.Sub(files, "policies")
	if err != nil {
		panic("examples: the embedded folder is missing: " + err.Error())
	}
	return dir
}

// Templates returns a JSON object of templates by name, as the API accepts them.
func Templates() []byte {
	b, err := files.ReadFile("templates.json")
	if err != nil {
		panic("examples: the embedded file is missing: " + err.Error())
	}
	return b
}
