package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"touchgate.dev/policies/policyfmt"
	"touchgate.dev/touch"
)

// policyFormatCommand prints documents in canonical form, or rewrites their files.
// With -l it only names the files that differ.
func policyFormatCommand() *cobra.Command {
	var write, list bool
	cmd := &cobra.Command{
		Use:   "fmt FILE|FOLDER...",
		Short: "Print policy documents in canonical form; comments are kept",
		Example: `  touchgate policy fmt house.yaml
  touchgate policy fmt -w policies/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sources, err := readPolicies(args...)
			if err != nil {
				return err
			}
			for _, s := range sources {
				formatted, err := policyfmt.Format(s.Data)
				if err != nil {
					return touch.Errorf(touch.Invalid, s.Name, "%w", err)
				}
				changed := !bytes.Equal(formatted, s.Data)
				switch {
				case !write && !list:
					fmt.Fprintf(cmd.OutOrStdout(), "%s", formatted)
					continue
				case changed:
					fmt.Fprintln(cmd.OutOrStdout(), s.Name)
				}
				if write && changed {
					if err := replaceFile(s.Name, formatted); err != nil {
						return err
					}
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&write, "write", "w", false, "write the files instead, and name those that changed")
	cmd.Flags().BoolVarP(&list, "list", "l", false, "only name the files that are not canonical")
	return cmd
}

// replaceFile replaces the content of a file. It writes a new file beside the old
// one and renames it, so a crash leaves either the old content or the new, never a
// part of it.
func replaceFile(path string, data []byte) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	tmp := path + ".new"
	if err := os.WriteFile(tmp, data, mode); err != nil {
		return touch.Errorf(touch.Unavailable, path, "cannot be written: %w", err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return touch.Errorf(touch.Unavailable, path, "cannot be written: %w", err)
	}
	return nil
}
