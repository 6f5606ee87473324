package sqlstore

import (
	"context"
	"sync"

	"touchgate.dev/ledger"
)

// campaignCache holds the numbers of campaigns. A campaign's number never
// changes, so it is read once.
type campaignCache struct {
	mu      sync.Mutex
	numbers map[ledger.CampaignRef]int64
}

// maxCachedCampaigns bounds the cache. A full one is emptied.
const maxCachedCampaigns = 10_000

// campaignNumbers fills in the number of each campaign, and creates campaigns
// that are new. It does so in transactions of its own: the number of one that
// was rolled back must not be in the cache.
func (s *core) campaignNumbers(ctx context.Context, refs map[ledger.CampaignRef]int64) error {
	s.campaigns.mu.Lock()
	defer s.campaigns.mu.Unlock()
	if s.campaigns.numbers == nil || len(s.campaigns.numbers) > maxCachedCampaigns {
		s.campaigns.numbers = map[ledger.CampaignRef]int64{}
	}
	for ref := range refs {
		no, ok := s.campaigns.numbers[ref]
		if !ok {
			var err error
			if no, err = s.campaignNumber(ctx, ref); err != nil {
				return err
			}
			s.campaigns.numbers[ref] = no
		}
		refs[ref] = no
	}
	return nil
}

const findCampaignSQL = `SELECT no FROM campaigns WHERE caller = $1 AND name = $2`

// campaignNumber reads a campaign's number, and creates the campaign if it is new.
func (s *core) campaignNumber(ctx context.Context, ref ledger.CampaignRef) (no int64, err error) {
	ok := false
	err = s.query(ctx, func(c *conn) (err error) {
		ok, err = c.one([]any{&no}, findCampaignSQL, ref.Caller, ref.Campaign)
		return err
	})
	if ok || err != nil {
		return no, err
	}
	err = s.update(ctx, func(t *tx) error {
		t.send(`INSERT INTO campaigns (caller, name) VALUES ($1, $2) ON CONFLICT (caller, name) DO NOTHING`,
			ref.Caller, ref.Campaign)
		_, err := t.one([]any{&no}, findCampaignSQL, ref.Caller, ref.Campaign)
		return err
	})
	return no, err
}
