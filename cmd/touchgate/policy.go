package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/policies/ruleset"
)

// policyCommand has the commands of compliance staff. Each is one file.
func policyCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Write, test, explain and activate the rules of contact",
		Long: `Policies say who may be contacted, when, how often and by which channel.
check, test, explain --case, diff, fmt, reference and packs work off line; the
others ask a running gateway.`,
	}
	cmd.AddCommand(
		policyCheckCommand(),
		policyScenariosCommand(environ),
		policyExplainCommand(environ),
		policyDiffCommand(),
		policyFormatCommand(),
		policySimulateCommand(environ),
		policyForecastCommand(environ),
		policyReplayCommand(environ),
		policyReferenceCommand(),
		policyPacksCommand(),
	)
	cmd.AddCommand(policyChangeCommands(environ)...)
	return cmd
}

// readPolicies reads files, and folders with everything below them. Documents
// are named by their paths, as faults show them.
func readPolicies(paths ...string) ([]ruleset.Source, error) {
	var sources []ruleset.Source
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, usageError("%s cannot be read: %v", path, errors.Unwrap(err))
		}
		if !info.IsDir() {
			data, err := os.ReadFile(path)
			if err != nil {
				return nil, usageError("%s cannot be read: %v", path, errors.Unwrap(err))
			}
			sources = append(sources, ruleset.Source{Name: path, Data: data})
			continue
		}
		found, err := ruleset.ReadDir(os.DirFS(path), ".")
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, usageError("%s holds no policy (*.yaml)", path)
		}
		for _, s := range found {
			name := filepath.Join(path, filepath.FromSlash(s.Name))
			sources = append(sources, ruleset.Source{Name: name, Data: s.Data})
		}
	}
	return sources, nil
}

// readDocuments reads the documents of a file or folder for the ledger. They are
// named by their paths below the folder, or by the file's name.
func readDocuments(path string) (map[string]string, error) {
	sources, err := readPolicies(path)
	if err != nil {
		return nil, err
	}
	documents := map[string]string{}
	for _, s := range sources {
		name, err := filepath.Rel(path, s.Name)
		if err != nil || name == "." {
			name = filepath.Base(s.Name)
		}
		documents[filepath.ToSlash(name)] = string(s.Data)
	}
	return documents, nil
}

// apiFlags are the flags of commands that call a gateway.
type apiFlags struct{ to, key string }

func (f *apiFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.to, "to", "", "the gateway's `URL` (default: TOUCHGATE_URL, or http://127.0.0.1:8080)")
	cmd.Flags().StringVar(&f.key, "key", "", "the API `KEY` (default: TOUCHGATE_KEY)")
}

func (f *apiFlags) client(environ []string) (*apiclient.Client, error) {
	key := f.key
	if key == "" {
		key = envValue(environ, "TOUCHGATE_KEY")
	}
	if key == "" {
		return nil, usageError("give the API key by --key or TOUCHGATE_KEY")
	}
	to := f.to
	if to == "" {
		to = envValue(environ, "TOUCHGATE_URL")
	}
	if to == "" {
		to = "http://127.0.0.1:8080"
	}
	return apiclient.New(to, key)
}

// readInput reads a file whole; "-" is standard input.
func readInput(cmd *cobra.Command, path string) ([]byte, error) {
	var b bytes.Buffer
	if path == "-" {
		_, err := b.ReadFrom(cmd.InOrStdin())
		return b.Bytes(), err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, usageError("%s cannot be read: %v", path, err)
	}
	return data, nil
}
