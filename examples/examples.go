// SPDX-License-Identifier: Apache-2.0

// Package examples holds sample policies, templates and touches: what
// `touchgate serve --dev` and `touchgate demo` begin with, and what a newcomer
// copies from.
package examples

import (
	"embed"
	"io/fs"
)

//go:embed policies templates.json
var files embed.FS

// Policies is a folder of policy documents for a retail bank.
func Policies() fs.FS {
	dir, err := fs.Sub(files, "policies")
	if err != nil {
		panic("examples: the embedded folder is there: " + err.Error())
	}
	return dir
}

// Templates is a JSON object of templates by name, as the API takes them.
func Templates() []byte {
	b, err := files.ReadFile("templates.json")
	if err != nil {
		panic("examples: the embedded file is there: " + err.Error())
	}
	return b
}
