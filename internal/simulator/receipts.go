package simulator

import (
	"math/rand/v2"
	"net/http"
	"time"

	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/touch"
)

// scheduleReceipts decides which receipts of a message the provider sends, and
// when.
func (s *Simulator) scheduleReceipts(r *http.Request, p *provider, b *activeBehaviour, random *rand.Rand, t ReceivedMessage, calls bool) {
	if b.Receipts.Off || !s.receiptSender.enabled() || random.Float64() < b.Receipts.Lost {
		return
	}
	receipt := vendorapi.Receipt{ID: t.Dispatch, VendorID: t.VendorID, Status: "delivered"}
	failed := random.Float64() < b.Receipts.Failed
	switch {
	case calls:
		receipt.Status = b.drawOutcome(random)
	case failed:
		receipt.Status = "failed"
		receipt.Reason = touch.ReasonBadTarget
		receipt.Code = "F-1"
	}
	delay := b.Receipts.Delay.draw(random)
	if random.Float64() < b.Receipts.Late {
		delay += b.Receipts.LateBy.Std()
	}
	if random.Float64() < b.Receipts.Early {
		s.receiptSender.sendNow(r.Context(), p.name, receipt)
		return
	}
	s.receiptSender.schedule(p.name, receipt, delay)
	if random.Float64() < b.Receipts.Duplicated {
		s.receiptSender.schedule(p.name, receipt, delay)
	}
	if failed && !calls && b.Receipts.ThenDelivered {
		second := vendorapi.Receipt{ID: t.Dispatch, VendorID: t.VendorID, Status: "delivered"}
		s.receiptSender.schedule(p.name, second, delay+time.Millisecond)
	}
}

// callOutcomes are the valid keys of Behaviour.Calls.
var callOutcomes = map[string]struct{}{
	vendorapi.CallAnswered: {}, vendorapi.CallConversation: {}, vendorapi.CallRefused: {}, vendorapi.CallOptOut: {},
	vendorapi.CallNoAnswer: {}, vendorapi.CallBusy: {}, vendorapi.CallAbandoned: {}, "failed": {},
}
