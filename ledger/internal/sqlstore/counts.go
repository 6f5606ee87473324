package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"touchgate.dev/ledger"
	"touchgate.dev/ledger/internal/sqldb"
	"touchgate.dev/touch"
)

// countKey names one line of a campaign's counts. Touches without a campaign
// belong to their caller's campaign "".
type countKey struct {
	campaign int64
	state    touch.State
	reason   string
}

// count notes that n touches came to (or, below zero, left) a state.
func (t *tx) count(k countKey, n int64) { t.counts[k] += n }

// countChange is a change of one line of a campaign's counts.
type countChange struct {
	countKey
	n int64
}

var insertCounts = sqldb.NewInsert("counts", sqldb.Columns[countChange]{
	sqldb.Int("campaign", func(c countChange) int64 { return c.campaign }),
	sqldb.Text("state", func(c countChange) string { return string(c.state) }),
	sqldb.Text("reason", func(c countChange) string { return c.reason }),
	sqldb.Int("n", func(c countChange) int64 { return c.n }),
}, "(campaign, state, reason) DO UPDATE SET n = counts.n + excluded.n", "")

// writeCounts adds up what the transaction moved, in an order that all
// transactions share.
func (t *tx) writeCounts() {
	changes := make([]countChange, 0, len(t.counts))
	for k, n := range t.counts {
		if n != 0 {
			changes = append(changes, countChange{k, n})
		}
	}
	slices.SortFunc(changes, func(a, b countChange) int {
		return cmp.Or(cmp.Compare(a.campaign, b.campaign), cmp.Compare(a.state, b.state), cmp.Compare(a.reason, b.reason))
	})
	insert(&t.conn, insertCounts, changes)
}

// Get implements ledger.Campaigns.
func (s campaignStore) Get(ctx context.Context, caller, campaign string) (*ledger.CampaignView, error) {
	view := &ledger.CampaignView{Campaign: campaign, Status: ledger.CampaignRunning}
	err := s.readTx(ctx, func(c *conn) error {
		var no, status int64
		ok, err := c.one([]any{&no, &status}, `SELECT no, status FROM campaigns WHERE caller = $1 AND name = $2`, caller, campaign)
		if err != nil {
			return err
		}
		if !ok {
			return notFound("this campaign")
		}
		view.Status = campaignStatus(status)
		return c.each(func(rows sqldb.Rows) error {
			var n ledger.CampaignCount
			if err := rows.Scan(&n.State, &n.Reason, &n.Count); err != nil {
				return err
			}
			view.Counts = append(view.Counts, n)
			return nil
		}, `SELECT state, reason, n FROM counts WHERE campaign = $1 AND n <> 0 ORDER BY state, reason`, no)
	})
	if err != nil {
		return nil, err
	}
	if len(view.Counts) == 0 && view.Status == ledger.CampaignRunning {
		return nil, notFound("this campaign")
	}
	return view, nil
}

// campaignCache remembers the numbers of campaigns: they never change.
type campaignCache struct {
	mu sync.Mutex
	no map[ledger.CampaignRef]int64
}

// rememberedCampaigns bounds the memory; beyond it, numbers are read again.
const rememberedCampaigns = 10_000

// campaignNumbers gives the number of each campaign and makes those that are new.
// It does so in transactions of its own, so that a number remembered is a
// number kept.
func (s *core) campaignNumbers(ctx context.Context, refs map[ledger.CampaignRef]int64) error {
	s.campaigns.mu.Lock()
	defer s.campaigns.mu.Unlock()
	if s.campaigns.no == nil || len(s.campaigns.no) > rememberedCampaigns {
		s.campaigns.no = map[ledger.CampaignRef]int64{}
	}
	for ref := range refs {
		no, ok := s.campaigns.no[ref]
		if !ok {
			var err error
			if no, err = s.campaignNumber(ctx, ref); err != nil {
				return err
			}
			s.campaigns.no[ref] = no
		}
		refs[ref] = no
	}
	return nil
}

func (s *core) campaignNumber(ctx context.Context, ref ledger.CampaignRef) (no int64, err error) {
	const find = `SELECT no FROM campaigns WHERE caller = $1 AND name = $2`
	ok := false
	err = s.query(ctx, func(c *conn) (err error) {
		ok, err = c.one([]any{&no}, find, ref.Caller, ref.Campaign)
		return err
	})
	if ok || err != nil {
		return no, err
	}
	err = s.update(ctx, func(t *tx) error {
		t.send(`INSERT INTO campaigns (caller, name) VALUES ($1, $2) ON CONFLICT (caller, name) DO NOTHING`, ref.Caller, ref.Campaign)
		_, err := t.one([]any{&no}, find, ref.Caller, ref.Campaign)
		return err
	})
	return no, err
}

// The stored forms of a campaign's status.
const (
	campaignRunning = iota
	campaignPaused
	campaignCancelled
)

func campaignStatus(v int64) ledger.CampaignStatus {
	return [...]ledger.CampaignStatus{ledger.CampaignRunning, ledger.CampaignPaused, ledger.CampaignCancelled}[v]
}

// clampLimit gives n within 1 to most, and usual for 0 and below.
func clampLimit(n, usual, most int) int {
	if n <= 0 {
		return usual
	}
	return min(n, most)
}
