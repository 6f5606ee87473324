package main

import (
	"context"
	"io/fs"
	"time"

	"touchgate.dev/internal/apiclient"
	"touchgate.dev/internal/oracle"
	"touchgate.dev/policies/ruleset"
	"touchgate.dev/touch"
)

// verifyDemo compares the states that the API reports with the messages that the
// vendors received, and returns the result of the demo.
func verifyDemo(
	ctx context.Context,
	stage *demoSystem,
	load *demoLoad,
	sent *submission,
	client *apiclient.Client,
) (*demoResult, error) {
	r := &demoResult{
		Repeated: sent.Repeated,
		Faulty:   sent.Failed,
		counts: stateCounts{
			channels: map[touch.Channel]map[touch.State]int{},
			reasons:  map[[2]string]int{},
		},
	}
	accepted, claims, err := r.readTouches(ctx, client, load.campaigns, sent.keys)
	if err != nil {
		return nil, err
	}
	caps, unchecked, err := readCaps(stage.policies, load.zones())
	if err != nil {
		return nil, err
	}
	messages, err := stage.messages()
	if err != nil {
		return nil, err
	}
	r.Messages = len(messages)
	r.NewMessages = len(messages) - stage.earlier

	report := oracle.Check(accepted, claims, messages, caps, stage.now())
	r.Lost = report.Lost
	r.Duplicated = report.Duplicated
	r.OverCap = report.OverCap
	r.Resent = report.Resent
	r.Unchecked = unchecked
	r.examples = report.Examples
	return r, nil
}

// readTouches reads the campaigns' touches from the API and counts those that this
// run submitted, which are those with one of the keys. It returns the ids of all
// that were accepted, and what the API claims about each that it lists.
func (r *demoResult) readTouches(
	ctx context.Context,
	client *apiclient.Client,
	campaigns, keys []string,
) (accepted []touch.ID, claims []oracle.Claim, err error) {
	mine := make(map[string]bool, len(keys))
	for _, key := range keys {
		mine[key] = true
	}
	r.Accepted = len(mine)

	known := make(map[string]touch.ID, len(mine))
	for _, campaign := range campaigns {
		err := client.Touches(ctx, campaign, "", func(page []apiclient.Touch) error {
			for i := range page {
				t := &page[i]
				if !mine[t.Key] {
					continue
				}
				known[t.Key] = t.ID
				claims = append(claims, claimOf(t))
				r.count(t)
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}

	accepted = make([]touch.ID, 0, len(mine))
	for key := range mine {
		id, ok := known[key]
		if !ok {
			// The API does not list an accepted touch. No claim has this id, so the
			// oracle counts it as lost.
			id = touch.NewID("", key)
		}
		accepted = append(accepted, id)
	}
	return accepted, claims, nil
}

// claimOf returns what the API says about a touch, in the oracle's own form.
func claimOf(t *apiclient.Touch) oracle.Claim {
	c := oracle.Claim{
		ID: t.ID, Customer: t.Customer, Category: t.Category, Subject: t.Subject, Campaign: t.Campaign,
		State: t.State, Due: t.Due, SentLegs: t.SentLegs(),
	}
	for _, l := range t.Legs {
		c.Channels = append(c.Channels, l.Channel)
	}
	return c
}

// readCaps reads the caps of policies by the oracle's own parser. It shares no code
// with the product, so an error of the product's compiler does not hide itself.
// readCaps also returns the names of the rules that the oracle cannot check.
func readCaps(dir fs.FS, zone func(string) *time.Location) ([]oracle.Cap, []string, error) {
	sources, err := ruleset.ReadDir(dir, ".")
	if err != nil {
		return nil, nil, err
	}
	documents := make(map[string][]byte, len(sources))
	for _, s := range sources {
		documents[s.Name] = s.Data
	}
	return oracle.ReadCaps(documents, zone)
}

// zones returns a function that returns the time zone of a generated customer, nil
// if it is unknown. For a file zones returns nil.
func (l *demoLoad) zones() func(string) *time.Location {
	if l.world == nil {
		return nil
	}
	where := make(map[string]*time.Location, len(l.world.Customers))
	for _, c := range l.world.Customers {
		if len(c.Zones) == 1 {
			if zone, err := time.LoadLocation(c.Zones[0]); err == nil {
				where[c.ID] = zone
			}
		}
	}
	return func(customer string) *time.Location { return where[customer] }
}
