package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/commandline"
	"touchgate.dev/touch"
)

// forecastFlags describe the touches that are asked about.
type forecastFlags struct {
	apiFlags
	zone, template, subject, campaign string
	channels, categories              []string
}

// policyForecastCommand prints one row for each category and channel: whether the
// customer may be contacted now, and otherwise from when on and which rule says
// so. The gateway judges each touch as if it were sent, but records nothing.
func policyForecastCommand(environ []string) *cobra.Command {
	var f forecastFlags
	cmd := &cobra.Command{
		Use:   "forecast CUSTOMER",
		Short: "Say, per category and channel: may I now, if not when, and why",
		Long: `forecast asks the gateway, without side effect, about a touch of every category on
every channel. A rule that demands a duty of the template refuses unless
--template names one that fulfils it.`,
		Example: `  touchgate policy forecast c10086 --zone Asia/Shanghai
  touchgate policy forecast c10086 --categories marketing --template loan-offer`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			loc, err := loadZone(f.zone)
			if err != nil {
				return err
			}
			client, err := f.client(environ)
			if err != nil {
				return err
			}
			requests, err := f.requests(args[0])
			if err != nil {
				return err
			}
			answers, err := askForecasts(cmd.Context(), client, requests)
			if err != nil {
				return err
			}
			t := commandline.NewTable(cmd.OutOrStdout())
			t.AppendHeader(table.Row{"category", "channel", "now", "from", "rule", "why"})
			for i := range answers {
				t.AppendRow(forecastRow(&requests[i], &answers[i], loc))
			}
			t.Render()
			return nil
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.zone, "zone", "UTC", "the `ZONE` in which times are printed")
	flags.StringVar(&f.template, "template", "", "the template's `NAME` (default: a text without duties)")
	flags.StringVar(&f.subject, "subject", "", "what the touch is about")
	flags.StringVar(&f.campaign, "campaign", "", "the campaign that it belongs to")
	flags.StringSliceVar(&f.channels, "channels", nil, "only these channels")
	flags.StringSliceVar(&f.categories, "categories", nil, "only these categories")
	return cmd
}

// requests returns one touch for each category and channel that the flags allow.
// It returns a usage error if a flag names an unknown category or channel.
func (f *forecastFlags) requests(customer string) ([]touch.Request, error) {
	for _, c := range f.categories {
		if !touch.Category(c).Valid() {
			return nil, usageError("%q is not a category: one of %v", c, touch.Categories())
		}
	}
	for _, c := range f.channels {
		if !touch.Channel(c).Valid() {
			return nil, usageError("%q is not a channel: one of %v", c, touch.Channels())
		}
	}

	var all []touch.Request
	for _, category := range touch.Categories() {
		if len(f.categories) > 0 && !slices.Contains(f.categories, string(category)) {
			continue
		}
		for _, channel := range touch.Channels() {
			if len(f.channels) > 0 && !slices.Contains(f.channels, string(channel)) {
				continue
			}
			leg := touch.Leg{Channel: channel, Template: f.template}
			if f.template == "" {
				// The API wants a template or a text. This text is never sent.
				leg.Content = &touch.Content{Body: "forecast"}
			}
			all = append(all, touch.Request{
				Key:      "forecast-" + string(category) + "-" + string(channel),
				Customer: customer,
				Category: category,
				Subject:  f.subject,
				Campaign: f.campaign,
				Plan:     []touch.Leg{leg},
			})
		}
	}
	return all, nil
}

// forecastAnswer is the API's answer for one touch. Verdicts has one verdict for
// each leg that was judged; the last one decided. Error is set instead if the
// gateway would not accept the touch at all.
type forecastAnswer struct {
	Decision touch.Decision  `json:"decision"`
	Due      time.Time       `json:"due"`
	Verdicts []touch.Verdict `json:"verdicts"`
	Error    *struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Errors []struct {
			Field   string `json:"field"`
			Message string `json:"message"`
		} `json:"errors"`
	} `json:"error"`
}

// askForecasts returns one answer for each request, in their order.
func askForecasts(ctx context.Context, client *apiclient.Client, requests []touch.Request) ([]forecastAnswer, error) {
	var out struct {
		Answers []forecastAnswer `json:"answers"`
	}
	err := client.Do(ctx, http.MethodPost, "/v1/touches:check", map[string]any{"touches": requests}, &out)
	if err == nil && len(out.Answers) != len(requests) {
		err = touch.Errorf(touch.Unavailable, "", "the gateway gave %d answers for %d questions",
			len(out.Answers), len(requests))
	}
	return out.Answers, err
}

// forecastRow returns the table's row for one request. A forecast that is neither
// allowed nor deferred is refused, and its row says "never".
func forecastRow(r *touch.Request, a *forecastAnswer, zone *time.Location) table.Row {
	row := table.Row{r.Category, r.Plan[0].Channel, "no", "never", "", ""}
	if a.Error != nil {
		row[3] = ""
		row[5] = a.Error.Detail
		if len(a.Error.Errors) > 0 {
			row[5] = a.Error.Errors[0].Field + ": " + a.Error.Errors[0].Message
		}
		return row
	}
	v := &a.Verdicts[len(a.Verdicts)-1]
	switch a.Decision {
	case touch.DecisionAllow:
		row[2], row[3] = "yes", ""
	case touch.DecisionDefer:
		row[3] = a.Due.In(zone).Format("Mon 2006-01-02 15:04:05 MST")
	}
	if a.Decision != touch.DecisionAllow {
		row[4], row[5] = v.Rule, reasonOf(v)
	}
	return row
}

// reasonOf returns the reason that the deciding rule gave, or which kind of rule
// does not hold if it gave none. It returns "" if no rule decided.
func reasonOf(v *touch.Verdict) string {
	for _, f := range v.Findings {
		if f.Rule == v.Rule && f.Decision == v.Decision && !f.Shadow {
			if f.Reason == "" {
				return fmt.Sprintf("%s does not hold", f.Kind)
			}
			return f.Reason
		}
	}
	return ""
}
