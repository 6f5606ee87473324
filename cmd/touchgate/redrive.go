package main

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/commandline"
	"touchgate.dev/ledger"
	"touchgate.dev/touch"
)

// redriveFlags is the body of the API's redrive.
type redriveFlags struct {
	Touch    string    `json:"touch,omitempty"`
	Caller   string    `json:"caller,omitempty"`
	Campaign string    `json:"campaign,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Channel  string    `json:"channel,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	All      bool      `json:"all,omitempty"`
	DryRun   bool      `json:"dry_run,omitempty"`
}

func redriveCommand(environ []string) *cobra.Command {
	var f apiFlags
	var o redriveFlags
	var since string
	var list bool
	cmd := &cobra.Command{
		Use:   "redrive",
		Short: "List dead-lettered touches, and requeue them",
		Long: `A touch that made workers crash again and again is dead-lettered. redrive
requeues such touches. One that surely was not sent is judged and sent again.
For one that may have been sent, the vendor is asked first, and nothing is sent
while its outcome is unknown. One that has expired stays dead. The key needs the
scope admin, and its name is recorded. Look first: --list shows the touches,
--dry-run the numbers.`,
		Example: `  touchgate redrive --list
  touchgate redrive --campaign auto-loan-nov --since 2h --dry-run
  touchgate redrive --touch 3w5e11264sgsf3w5e11264sgsf
  touchgate redrive --all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Since, err = parseInstant("since", since, time.Now()); err != nil {
				return err
			}
			client, err := f.client(environ)
			if err != nil {
				return err
			}
			if list {
				return listDead(cmd, client, &o)
			}
			var n ledger.Redriven
			if err := client.Do(cmd.Context(), http.MethodPost, "/v1/dead:redrive", o, &n); err != nil {
				return err
			}
			format := "%d go again, of %d the vendor is asked, %d have expired and stay\n"
			if o.DryRun {
				format = "%d would go again, of %d the vendor would be asked, %d have expired and would stay\n"
			}
			fmt.Fprintf(cmd.OutOrStdout(), format, n.Due, n.Asked, n.Expired)
			return nil
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.Touch, "touch", "", "only this touch, by its `ID`")
	flags.StringVar(&o.Caller, "caller", "", "only those of this `CALLER`")
	flags.StringVar(&o.Campaign, "campaign", "", "only those of this `CAMPAIGN`")
	flags.StringVar(&o.Reason, "reason", "", "only those dead-lettered for this `REASON`")
	flags.StringVar(&o.Channel, "channel", "", "only those that died on this `CHANNEL`")
	flags.StringVar(&since, "since", "",
		"only those dead-lettered since this `TIME`: an instant, or how long ago, such as 2h or 7d")
	flags.BoolVar(&o.All, "all", false, "every one of them")
	flags.BoolVar(&o.DryRun, "dry-run", false, "only say how many")
	flags.BoolVar(&list, "list", false, "only list them")
	cmd.MarkFlagsMutuallyExclusive("list", "dry-run")
	return cmd
}

// listDead prints the dead-lettered touches, page by page.
func listDead(cmd *cobra.Command, client *apiclient.Client, o *redriveFlags) error {
	q := url.Values{"limit": {"1000"}}
	for name, value := range map[string]string{
		"touch":    o.Touch,
		"caller":   o.Caller,
		"campaign": o.Campaign,
		"reason":   o.Reason,
		"channel":  o.Channel,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if !o.Since.IsZero() {
		q.Set("since", o.Since.Format(time.RFC3339))
	}
	t := commandline.NewTable(cmd.OutOrStdout())
	t.AppendHeader(table.Row{"touch", "caller", "campaign", "channel", "reason", "put aside", "goes"})
	defer t.Render()
	for {
		var page struct {
			Items []struct {
				ID        touch.ID      `json:"id"`
				Caller    string        `json:"caller"`
				Campaign  string        `json:"campaign"`
				Channel   touch.Channel `json:"channel"`
				Reason    string        `json:"reason"`
				MayBeSent bool          `json:"may_be_sent"`
				DeadAt    time.Time     `json:"dead_at"`
				ExpiresAt time.Time     `json:"expires_at"`
			} `json:"items"`
			Next string `json:"next"`
		}
		if err := client.Do(cmd.Context(), http.MethodGet, "/v1/dead?"+q.Encode(), nil, &page); err != nil {
			return err
		}
		for _, d := range page.Items {
			goes := "again"
			switch {
			case d.MayBeSent:
				goes = "asked about"
			case !d.ExpiresAt.IsZero() && time.Now().After(d.ExpiresAt):
				goes = "nowhere: expired"
			}
			deadAt := d.DeadAt.UTC().Format(time.DateTime)
			t.AppendRow(table.Row{d.ID, d.Caller, d.Campaign, d.Channel, d.Reason, deadAt, goes})
		}
		if page.Next == "" {
			return nil
		}
		q.Set("after", page.Next)
	}
}
