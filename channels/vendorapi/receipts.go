package vendorapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"touchgate.dev/channels/adapter"
	"touchgate.dev/channels/vendorhttp"
	"touchgate.dev/touch"
)

// The most receipts in one callback.
const maxReceipts = 10_000

// Receipt is what the vendor reports of one message later.
type Receipt struct {
	ID       string `json:"id"` // our dispatch id
	VendorID string `json:"vendor_id,omitempty"`
	// Status is delivered, failed, read, replied or outcome; of a call one of
	// the call statuses.
	Status  string    `json:"status"`
	Reason  string    `json:"reason,omitempty"`  // of failed: bad_target, opt_out, content, other
	Outcome string    `json:"outcome,omitempty"` // of replied and outcome: conversation, refused, opt_out …
	Code    string    `json:"code,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// The statuses of a call's receipt, besides delivered and failed.
const (
	CallAnswered     = "answered"
	CallConversation = "conversation"
	CallRefused      = "refused"
	CallOptOut       = "opt_out"
	CallNoAnswer     = "no_answer"
	CallBusy         = "busy"
	CallAbandoned    = "abandoned"
)

// Receipts reads the callbacks of one vendor; it is an adapter.ReceiptParser
// that any adapter may embed whose vendor reports in this contract's words.
type Receipts struct {
	keys  []vendorhttp.Key
	now   func() time.Time
	calls bool
}

var _ adapter.ReceiptParser = Receipts{}

// NewReceipts reads receipts signed with the secret or, where it is set, with
// the one before it; calls says that the statuses are those of phone calls.
// Errors have class Invalid and name the key of the configuration.
func NewReceipts(secret, previous adapter.Secret, now func() time.Time, calls bool) (Receipts, error) {
	r := Receipts{now: now, calls: calls}
	key, err := vendorhttp.ParseKey(secret.Reveal())
	if err != nil {
		return r, err
	}
	r.keys = append(r.keys, key)
	if previous != "" {
		if key, err = vendorhttp.ParseKey(previous.Reveal()); err != nil {
			return r, touch.Errorf(touch.Invalid, "previous_secret", "cannot be read as a secret")
		}
		r.keys = append(r.keys, key)
	}
	return r, nil
}

// ParseReceipts implements adapter.ReceiptParser: verify, then parse. One
// broken entry makes the whole callback Invalid, so that the vendor hears of it.
func (p Receipts) ParseReceipts(r adapter.ReceiptRequest) ([]touch.Receipt, adapter.Ack, error) {
	var err error
	for _, k := range p.keys {
		if err = k.Verify(r.Header, p.now(), r.Body); err == nil {
			break
		}
	}
	if err != nil {
		return nil, adapter.Ack{}, err
	}
	var in []Receipt
	if json.Unmarshal(r.Body, &in) != nil {
		return nil, adapter.Ack{}, touch.Errorf(touch.Invalid, "", "the body is not a JSON array of receipts")
	}
	if len(in) > maxReceipts {
		return nil, adapter.Ack{}, touch.Errorf(touch.TooLarge, "", "at most %d receipts in one call", maxReceipts)
	}
	out := make([]touch.Receipt, len(in))
	for i, v := range in {
		if out[i], err = p.receipt(v); err != nil {
			return nil, adapter.Ack{}, atEntry(i, err)
		}
	}
	return out, adapter.Ack{Status: http.StatusNoContent}, nil
}

func (p Receipts) receipt(in Receipt) (touch.Receipt, error) {
	if _, _, err := touch.ParseDispatchID(in.ID); err != nil {
		return touch.Receipt{}, touch.Errorf(touch.Invalid, "id", "is not one of our ids")
	}
	if len(in.VendorID) > 128 || len(in.Outcome) > 64 {
		return touch.Receipt{}, touch.Errorf(touch.Invalid, "vendor_id", "is too long, or outcome is")
	}
	out := touch.Receipt{Dispatch: in.ID, VendorID: in.VendorID, Outcome: in.Outcome, Code: vendorhttp.Code(in.Code), At: in.At}
	switch in.Status {
	case "delivered", "read":
		out.Kind = touch.ReceiptKind(in.Status)
		return out, nil
	case "failed":
		out.Kind, out.Reason = touch.ReceiptFailed, rejectReason(in.Reason)
		return out, nil
	}
	if p.calls {
		return callReceipt(in.Status, out)
	}
	switch in.Status {
	case "replied", "outcome":
		out.Kind = touch.ReceiptKind(in.Status)
		if in.Status == "outcome" && in.Outcome == "" {
			return touch.Receipt{}, touch.Errorf(touch.Invalid, "outcome", "must be given")
		}
		return out, nil
	}
	return touch.Receipt{}, touch.Errorf(touch.Invalid, "status", "is not a status of this contract")
}

// callReceipt words what came of a call. An unanswered one did not arrive;
// one that a person took counts as arrived, whatever they said.
func callReceipt(status string, out touch.Receipt) (touch.Receipt, error) {
	switch status {
	case CallAnswered:
		out.Kind = touch.ReceiptDelivered
	case CallConversation, CallRefused, CallOptOut, CallAbandoned:
		out.Kind, out.Outcome = touch.ReceiptOutcome, status // the words are touch's own
	case CallNoAnswer, CallBusy:
		out.Kind, out.Outcome = touch.ReceiptFailed, touch.OutcomeNoAnswer
		if out.Reason = touch.ReasonOther; out.Code == "" {
			out.Code = status
		}
	default:
		return touch.Receipt{}, touch.Errorf(touch.Invalid, "status", "is not a status of a call")
	}
	return out, nil
}

// atEntry names the entry that an error of receipt speaks of.
func atEntry(i int, err error) error {
	var e *touch.Error
	if errors.As(err, &e) {
		e.Field = "[" + strconv.Itoa(i) + "]." + e.Field
	}
	return err
}
