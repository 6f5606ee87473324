package policies

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"touchgate.dev/touch"
)

// holdout keeps a part of the customers without contact, to measure by.
type holdout struct {
	key      string
	share    float64
	campaign bool
}

func readHoldout(c *compiler, n *yaml.Node, r *rule) demand {
	f := c.fields(n, "share", "key", "by")
	h := &holdout{key: c.text(f["key"])}
	if f["share"] == nil || h.key == "" {
		c.fault(n, "such as holdout: {share: 5%, key: winter-2026}", "a holdout has a share and a key")
		return h
	}
	h.share = c.percent(f["share"], "the share")
	h.campaign = slices.Contains(c.words(f["by"], "key of a holdout", []string{"customer", "campaign"}), "campaign")
	if !r.until.set {
		c.fault(n, "", "a holdout has an end: set the rule's until")
	}
	return h
}

func (h *holdout) holds(e *evaluation, _ *rule, f *touch.Finding) time.Time {
	seed := h.key + "\x00" + e.q.Touch.Customer
	if h.campaign {
		seed += "\x00" + e.q.Touch.Campaign
	}
	sum := sha256.Sum256([]byte(seed))
	if float64(binary.BigEndian.Uint64(sum[:8])) >= h.share*math.MaxUint64 {
		return e.t
	}
	if f != nil {
		f.Reason = "held out by " + h.key
	}
	return never
}
