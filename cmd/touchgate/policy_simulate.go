package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/commandline"
	"touchgate.dev/policies/simulate"
	"touchgate.dev/touch"
)

// simulateFlags name the draft and the recorded traffic that it judges.
type simulateFlags struct {
	apiFlags
	policy, since string
	asJSON        bool
}

// policySimulateCommand shows what a draft of the policies would have refused or
// delayed. The gateway does the work, because it has the recorded touches.
func policySimulateCommand(environ []string) *cobra.Command {
	var f simulateFlags
	cmd := &cobra.Command{
		Use:   "simulate --policy FILE|FOLDER",
		Short: "Say what a draft would have done to recorded traffic",
		Long: `simulate puts every touch of the span that was sent, or that a rule refused, before
the draft: by rule, channel, category and campaign, with examples, and against
what was really decided. Nothing is sent or stored. Profiles of customers are
read as they are now; consents, outcomes and lists by their dates.`,
		Example: `  touchgate policy simulate --since 30d --policy draft.yaml`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			documents, err := readDocuments(f.policy)
			if err != nil {
				return err
			}
			if _, err := touch.ParseDuration(f.since); err != nil {
				return usageError("--since: %v", err)
			}
			client, err := f.client(environ)
			if err != nil {
				return err
			}
			report, err := askSimulation(cmd.Context(), client, f.since, documents, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			if f.asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(report)
			}
			printSimulation(cmd.OutOrStdout(), report)
			return nil
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.policy, "policy", "", "the draft: a `FILE` or folder, the whole set that would be in force")
	flags.StringVar(&f.since, "since", "30d", "how far back")
	flags.BoolVar(&f.asJSON, "json", false, "print one JSON object")
	if err := cmd.MarkFlagRequired("policy"); err != nil {
		panic("policy simulate: " + err.Error()) // the flag is declared above
	}
	return cmd
}

// askSimulation has the gateway simulate the documents. The answer is NDJSON: lines
// of progress, which it prints to progress, and at the end a report or an error.
func askSimulation(
	ctx context.Context,
	client *apiclient.Client,
	since string,
	documents map[string]string,
	progress io.Writer,
) (*simulate.Report, error) {
	body, err := json.Marshal(map[string]any{"documents": documents})
	if err != nil {
		return nil, touch.Errorf(touch.Internal, "", "cannot be encoded as JSON: %w", err)
	}
	path := "/v1/policies:simulate?since=" + url.QueryEscape(since)
	answer, err := client.Open(ctx, http.MethodPost, path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer answer.Close()

	// The report is one line. It has examples of every rule, so the line may be long.
	lines := bufio.NewScanner(answer)
	lines.Buffer(make([]byte, 64<<10), 64<<20)
	for lines.Scan() {
		var l struct {
			Stage  string           `json:"stage"`
			Done   int              `json:"done"`
			Total  int              `json:"total"`
			Report *simulate.Report `json:"report"`
			Error  *struct {
				Title  string `json:"title"`
				Detail string `json:"detail"`
			} `json:"error"`
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, touch.Errorf(touch.Unavailable, "", "the answer cannot be read: %w", err)
		}
		switch {
		case l.Error != nil:
			return nil, touch.Errorf(touch.Unavailable, "", "%s: %s", l.Error.Title, l.Error.Detail)
		case l.Report != nil:
			return l.Report, nil
		case l.Total > 0:
			fmt.Fprintf(progress, "%s %d of %d\n", l.Stage, l.Done, l.Total)
		default:
			fmt.Fprintf(progress, "%s %d\n", l.Stage, l.Done)
		}
	}
	return nil, touch.Errorf(touch.Unavailable, "", "the answer ended early")
}

// printSimulation prints a report for a person.
func printSimulation(w io.Writer, r *simulate.Report) {
	fmt.Fprintf(w, "Draft %s, over %d recorded legs.\n\n", r.Policy, r.Total.Legs)
	printSimulatedGroups(w, r)
	if len(r.ByRule) == 0 {
		fmt.Fprintln(w, "\nNo rule would have held anything back.")
		return
	}
	fmt.Fprintln(w)
	printSimulatedRules(w, r)
}

// printSimulatedGroups prints the counts by channel, category and campaign, and the
// total.
func printSimulatedGroups(w io.Writer, r *simulate.Report) {
	groups := commandline.NewTable(w)
	groups.AppendHeader(table.Row{
		"", "legs", "sent", "refused",
		"would send", "later", "would refuse", "newly refused", "newly sent",
	})
	row := func(name string, t simulate.Counts) {
		groups.AppendRow(table.Row{
			name, t.Legs, t.Sent, t.Refused,
			t.WouldSend, t.WouldDelay, t.WouldRefuse, t.NewlyRefused, t.NewlySent,
		})
	}
	for _, part := range []struct {
		title string
		rows  []simulate.Group
	}{{"channel", r.ByChannel}, {"category", r.ByCategory}, {"campaign", r.ByCampaign}} {
		for _, g := range part.rows {
			if g.Name == "" {
				g.Name = "(none)"
			}
			row(part.title+" "+g.Name, g.Counts)
		}
		groups.AppendSeparator()
	}
	row("total", r.Total)
	groups.Render()
}

// printSimulatedRules prints the counts of each rule that would have held something
// back, and then examples of what it would have held back.
func printSimulatedRules(w io.Writer, r *simulate.Report) {
	rules := commandline.NewTable(w)
	rules.AppendHeader(table.Row{"rule", "would refuse", "would defer", "newly refused"})
	for _, d := range r.ByRule {
		rules.AppendRow(table.Row{d.Rule, d.Refused, d.Deferred, d.NewlyRefused})
	}
	rules.Render()

	const seconds = "2006-01-02 15:04:05Z"
	fmt.Fprintln(w, "\nFor example:")
	for _, d := range r.ByRule {
		for _, e := range d.Examples {
			commandline.Printf(w, "  %s  %s %s %s at %s: %s",
				d.Rule, e.Touch, e.Category, e.Channel, e.At.UTC().Format(seconds), e.Decision)
			if !e.Until.IsZero() {
				fmt.Fprintf(w, " until %s", e.Until.UTC().Format(seconds))
			}
			if e.Reason != "" {
				commandline.Printf(w, ", %s", e.Reason)
			}
			fmt.Fprintln(w)
		}
	}
}
