package simulator

import (
	"math/rand/v2"
	"net/http"
	"time"

	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/touch"
)

// scheduleReceipts decides what the provider says of a message later.
func (s *Simulator) scheduleReceipts(r *http.Request, p *provider, b *activeBehaviour, dice *rand.Rand, t ReceivedMessage, calls bool) {
	if b.Receipts.Off || !s.receiptSender.enabled() || dice.Float64() < b.Receipts.Lost {
		return
	}
	receipt := vendorapi.Receipt{ID: t.Dispatch, VendorID: t.VendorID, Status: "delivered"}
	failed := dice.Float64() < b.Receipts.Failed
	switch {
	case calls:
		receipt.Status = b.drawOutcome(dice)
	case failed:
		receipt.Status, receipt.Reason, receipt.Code = "failed", touch.ReasonBadTarget, "F-1"
	}
	delay := b.Receipts.Delay.draw(dice)
	if dice.Float64() < b.Receipts.Late {
		delay += b.Receipts.LateBy.Std()
	}
	if dice.Float64() < b.Receipts.Early {
		s.receiptSender.sendNow(r.Context(), p.name, receipt)
		return
	}
	s.receiptSender.schedule(p.name, receipt, delay)
	if dice.Float64() < b.Receipts.Duplicated {
		s.receiptSender.schedule(p.name, receipt, delay)
	}
	if failed && !calls && b.Receipts.ThenDelivered {
		second := vendorapi.Receipt{ID: t.Dispatch, VendorID: t.VendorID, Status: "delivered"}
		s.receiptSender.schedule(p.name, second, delay+time.Millisecond)
	}
}

// callOutcomes are the words that Behaviour.Calls may use.
var callOutcomes = map[string]struct{}{
	vendorapi.CallAnswered: {}, vendorapi.CallConversation: {}, vendorapi.CallRefused: {}, vendorapi.CallOptOut: {},
	vendorapi.CallNoAnswer: {}, vendorapi.CallBusy: {}, vendorapi.CallAbandoned: {}, "failed": {},
}
