package ruleset

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// holdout leaves a share of the customers alone, to measure the others against.
type holdout struct {
	key        string
	share      float64 // of one
	byCampaign bool    // choose the customers again for each campaign
}

func readHoldout(c *ruleReader, n *yaml.Node, r *rule) check {
	f := c.fields(n, "share", "key", "by")
	h := &holdout{key: c.text(f["key"])}
	if f["share"] == nil || h.key == "" {
		c.fault(n, "such as holdout: {share: 5%, key: winter-2026}", "a holdout has a share and a key")
		return h
	}
	h.share = c.percent(f["share"], "the share")
	h.byCampaign = slices.Contains(c.words(f["by"], "key of a holdout", []string{"customer", "campaign"}), "campaign")
	if !r.until.set {
		c.fault(n, "", "a holdout has an end: set the rule's until")
	}
	return h
}

func (h *holdout) evaluate(e *evaluation, _ *rule, f *touch.Finding) answer {
	seed := h.key + "\x00" + e.q.Touch.Customer
	if h.byCampaign {
		seed += "\x00" + e.q.Touch.Campaign
	}
	sum := sha256.Sum256([]byte(seed))
	if float64(binary.BigEndian.Uint64(sum[:8])) >= h.share*math.MaxUint64 {
		return satisfied
	}
	if f != nil {
		f.Reason = "held out by " + h.key
	}
	return never
}
