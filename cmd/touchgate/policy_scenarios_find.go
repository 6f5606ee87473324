package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"touchgate.dev/policies/ruleset"
)

// scenarioCase is the path of one scenario file and the policies that it is played
// against.
type scenarioCase struct {
	scenario string
	policies []ruleset.Source
}

// findScenarios returns the scenarios that the flags name, and then those in the
// files and folders args. Scenarios of the flags are played against the policies of
// the flags, the others against the policies beside them.
func findScenarios(args []string, f scenarioFlags) ([]scenarioCase, error) {
	if (len(f.scenarios) > 0) != (len(f.policies) > 0) {
		return nil, usageError("--policy and --scenarios go together")
	}
	if len(args) == 0 && len(f.scenarios) == 0 {
		return nil, usageError("name a folder or a scenario, or give --policy and --scenarios")
	}

	cases, err := scenariosOfFlags(f)
	if err != nil {
		return nil, err
	}
	for _, arg := range args {
		found, err := scenariosBelow(arg)
		if err != nil {
			return nil, err
		}
		cases = append(cases, found...)
	}
	if len(cases) == 0 {
		return nil, &exitError{exitFailed, "no scenarios (*.json) found"}
	}
	return cases, nil
}

// scenariosOfFlags returns the scenarios that --scenarios names. All of them are
// played against the policies that --policy names.
func scenariosOfFlags(f scenarioFlags) ([]scenarioCase, error) {
	if len(f.scenarios) == 0 {
		return nil, nil
	}
	sources, err := readPolicies(f.policies...)
	if err != nil {
		return nil, err
	}
	var cases []scenarioCase
	for _, path := range f.scenarios {
		files, err := filesBelow(path, ".json")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			cases = append(cases, scenarioCase{file, sources})
		}
	}
	return cases, nil
}

// scenariosBelow returns a scenario file, or all of a folder, each with the
// policies beside it.
func scenariosBelow(path string) ([]scenarioCase, error) {
	files, err := filesBelow(path, ".json")
	if err != nil {
		return nil, err
	}
	var cases []scenarioCase
	for _, file := range files {
		beside, err := policiesBeside(file)
		if err != nil {
			return nil, err
		}
		if len(beside) == 0 {
			return nil, usageError("no policy (*.yaml) stands beside %s", file)
		}
		sources, err := readPolicies(beside...)
		if err != nil {
			return nil, err
		}
		cases = append(cases, scenarioCase{file, sources})
	}
	return cases, nil
}

// filesBelow returns path itself if it is a file. Otherwise it returns all files
// with the extension in the folder and below it, sorted.
func filesBelow(path, ext string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && (p == path || filepath.Ext(p) == ext) {
			files = append(files, p)
		}
		return err
	})
	if err != nil {
		return nil, usageError("%s cannot be read: %v", path, errors.Unwrap(err))
	}
	return files, nil
}

// policiesBeside returns the paths of a scenario's policies. For NAME.json that is
// NAME.yaml. If that does not exist it is every *.yaml in the same folder and in the
// folders below it that have no scenarios of their own.
func policiesBeside(scenario string) ([]string, error) {
	own := strings.TrimSuffix(scenario, filepath.Ext(scenario)) + ".yaml"
	if _, err := os.Stat(own); err == nil {
		return []string{own}, nil
	}
	top := filepath.Dir(scenario)
	var found []string
	err := filepath.WalkDir(top, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && p != top:
			if played, err := filepath.Glob(filepath.Join(p, "*.json")); err != nil || len(played) > 0 {
				return filepath.SkipDir
			}
		case !e.IsDir() && filepath.Ext(p) == ".yaml":
			found = append(found, p)
		}
		return nil
	})
	slices.Sort(found)
	return found, err
}
