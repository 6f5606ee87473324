package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/commandline"
	"touchgate.dev/policies"
	"touchgate.dev/policies/replay"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// policyExplainCommand prints the verdicts of a touch in words: those that a
// gateway recorded, or one that is made from a file without any gateway.
func policyExplainCommand(environ []string) *cobra.Command {
	var f apiFlags
	var file, zone string
	var docs []string
	cmd := &cobra.Command{
		Use:   "explain TOUCH",
		Short: "Say in plain words why a touch was or was not let through",
		Long: `explain prints every recorded verdict of a touch, with every finding in words,
then what was decided and until when.

With --case a question from a file is judged off line instead, by the documents
that --policy names. The file is a JSON object: at, touch (as the API takes it),
and as far as they are known customer, listings, duties and contacts.`,
		Example: `  touchgate policy explain 5f3k9w0000000000000000000a --zone Asia/Shanghai
  touchgate policy explain --case case.json --policy policies/`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			loc, err := loadZone(zone)
			if err != nil {
				return err
			}
			if (file == "") == (len(args) == 0) || (file == "") != (len(docs) == 0) {
				return usageError("name a touch, or give --case and --policy")
			}
			if file != "" {
				return explainCase(cmd, file, docs, loc)
			}
			client, err := f.client(environ)
			if err != nil {
				return err
			}
			return explainTouch(cmd, client, args[0], loc)
		},
	}
	f.register(cmd)
	cmd.Flags().StringVar(&file, "case", "", "a question with its facts, in a `FILE`")
	cmd.Flags().StringArrayVar(&docs, "policy", nil, "with --case: the policies' `FILE` or folder (repeatable)")
	cmd.Flags().StringVar(&zone, "zone", "UTC", "the `ZONE` in which times are printed")
	return cmd
}

// loadZone returns a zone of the tz database, or a usage error that names an
// example.
func loadZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, usageError("there is no zone %q: use a name of the tz database, such as Europe/Paris", name)
	}
	return zone, nil
}

// explainTouch reads a touch from the gateway and prints its events with their
// verdicts.
func explainTouch(cmd *cobra.Command, client *apiclient.Client, name string, zone *time.Location) error {
	id, err := touch.ParseID(name)
	if err != nil {
		return err
	}
	var view struct {
		State  touch.State   `json:"state"`
		Reason string        `json:"reason"`
		Events []touch.Event `json:"events"`
	}
	if err := client.Do(cmd.Context(), http.MethodGet, "/v1/touches/"+id.String(), nil, &view); err != nil {
		return err
	}

	out := cmd.OutOrStdout()
	explainEvents(out, view.Events, zone)
	fmt.Fprintf(out, "The touch is %s", view.State)
	if view.Reason != "" {
		commandline.Printf(out, " (%s)", view.Reason)
	}
	fmt.Fprintln(out, ".")
	return nil
}

// explainCase judges the question in a file by the documents at the paths docs,
// and prints the verdict in words.
func explainCase(cmd *cobra.Command, file string, docs []string, zone *time.Location) error {
	data, err := readInput(cmd, file)
	if err != nil {
		return err
	}
	question, err := replay.ReadCase(data)
	if err != nil {
		return usageError("%s: %v", file, err)
	}
	sources, err := readPolicies(docs...)
	if err != nil {
		return err
	}
	set, err := ruleset.Compile(sources, ruleset.Options{})
	if err != nil {
		return printFaults(err, cmd)
	}
	fmt.Fprint(cmd.OutOrStdout(), commandline.PlainLines(policies.Explain(question.Evaluate(set), zone)))
	return nil
}

// explainEvents prints one line for each event, and below it the event's verdict
// in words if it has one.
func explainEvents(w io.Writer, events []touch.Event, zone *time.Location) {
	for _, e := range events {
		at := e.At.In(zone).Format("Mon 2006-01-02 15:04:05 MST")
		commandline.Printf(w, "%s %s", at, strings.TrimPrefix(string(e.Kind), "touch."))
		if e.Channel != "" {
			commandline.Printf(w, " by %s", e.Channel)
		}
		if e.Reason != "" {
			commandline.Printf(w, ": %s", e.Reason)
		}
		fmt.Fprintln(w)
		if e.Verdict != nil {
			for _, line := range strings.Split(strings.TrimRight(policies.Explain(*e.Verdict, zone), "\n"), "\n") {
				commandline.Printf(w, "  %s\n", line)
			}
		}
	}
}
