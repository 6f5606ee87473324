package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"touchgate.dev/internal/commandline"
	"touchgate.dev/policies"
	"touchgate.dev/policies/replay"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// policyReplayCommand judges a recorded decision again on this machine. It shows
// an auditor that the decision follows from its documents and facts alone.
func policyReplayCommand(environ []string) *cobra.Command {
	var f apiFlags
	var file, save, zone string
	cmd := &cobra.Command{
		Use:   "replay TOUCH",
		Short: "Judge a recorded decision again, off line, and compare",
		Long: `replay takes a touch's latest verdict with everything it can be judged again from
(the documents in force then, the facts, the contacts made before), judges it on
this machine, and compares (the key needs the scope customers): the documents' hash, the decision, its instant, the
rule, and each finding. --save keeps it in a file, which --file judges without
any gateway. What could not be put as it was is said. The exit status is 1 when
the answer is another.`,
		Example: `  touchgate policy replay 5f3k9w0000000000000000000a --save decision.json
  touchgate policy replay --file decision.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			loc, err := loadZone(zone)
			if err != nil {
				return err
			}
			if (file == "") == (len(args) == 0) {
				return usageError("name a touch, or give --file")
			}
			var data []byte
			if file != "" {
				data, err = readInput(cmd, file)
			} else {
				data, err = fetchDecision(cmd, &f, environ, args[0], save)
			}
			if err != nil {
				return err
			}
			decision, err := replay.ReadDecision(data)
			if err != nil {
				return err
			}
			c, err := decision.Replay(ruleset.Options{})
			if err != nil {
				return printFaults(err, cmd)
			}

			out := cmd.OutOrStdout()
			fmt.Fprint(out, commandline.PlainLines(policies.Explain(c.Verdict, loc)))
			for _, r := range c.Caveats {
				commandline.Printf(out, "note: %s\n", r)
			}
			for _, d := range c.Differences {
				commandline.Printf(out, "DIFF: %s\n", d)
			}
			if !c.Same {
				return &exitError{exitFailed, "the answer is not the recorded one"}
			}
			fmt.Fprintf(out, "The same as was recorded: %d findings compared.\n", len(decision.Verdict.Findings))
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&file, "file", "", "a saved decision, in a `FILE`")
	cmd.Flags().StringVar(&save, "save", "", "keep the decision in a `FILE`; it holds the customer's facts")
	cmd.Flags().StringVar(&zone, "zone", "UTC", "the `ZONE` in which times are printed")
	return cmd
}

// fetchDecision returns the decision about the touch with this id, as the API's
// JSON. It also writes the JSON to the file save, unless that is "". Only the owner
// can read the file, because it holds the customer's facts.
func fetchDecision(cmd *cobra.Command, f *apiFlags, environ []string, name, save string) ([]byte, error) {
	id, err := touch.ParseID(name)
	if err != nil {
		return nil, err
	}
	client, err := f.client(environ)
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	if err := client.Do(cmd.Context(), http.MethodGet, "/v1/touches/"+id.String()+"/decision", nil, &raw); err != nil {
		return nil, err
	}
	if save != "" {
		if err := os.WriteFile(save, append(raw, '\n'), 0o600); err != nil {
			return nil, touch.Errorf(touch.Unavailable, save, "cannot be written: %w", err)
		}
	}
	return raw, nil
}
