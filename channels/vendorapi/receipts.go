package vendorapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
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

// receivedReceipt is Receipt as vendors write it: a code may be a number, and an
// instant may be anything.
type receivedReceipt struct {
	Receipt
	Code json.RawMessage `json:"code"`
	At   json.RawMessage `json:"at"`
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

// ParseReceipts implements adapter.ReceiptParser: verify, then parse. An entry
// that is broken costs only itself, because the vendor would send the same again
// for ever: the answer names it. Ids of another system on the same account are no
// fault.
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
	var in []json.RawMessage
	if json.Unmarshal(r.Body, &in) != nil {
		return nil, adapter.Ack{}, touch.Errorf(touch.Invalid, "", "the body is not a JSON array of receipts")
	}
	if len(in) > maxReceipts {
		return nil, adapter.Ack{}, touch.Errorf(touch.TooLarge, "", "at most %d receipts in one call", maxReceipts)
	}
	out := make([]touch.Receipt, 0, len(in))
	var ack adapter.Ack
	for i, entry := range in {
		receipt, err := p.read(entry)
		switch {
		case err == nil:
			out = append(out, receipt)
		case errors.Is(err, errForeign):
			ack.Foreign++
		default:
			for _, f := range touch.FaultsOf(err) {
				ack.Faults.Add("["+strconv.Itoa(i)+"]."+f.Field, "%s", f.Message)
			}
		}
	}
	return out, p.answer(ack), nil
}

// maxFaults is how many faults an answer lists.
const maxFaults = 100

// answer completes the ack: 204, or 200 with what was not taken.
func (p Receipts) answer(ack adapter.Ack) adapter.Ack {
	ack.Status = http.StatusNoContent
	if len(ack.Faults) == 0 {
		return ack
	}
	type entry struct {
		Entry   string `json:"entry"` // its place in the call, and the field
		Message string `json:"message"`
	}
	var report struct {
		NotTaken []entry `json:"not_taken"`
	}
	for _, f := range ack.Faults[:min(len(ack.Faults), maxFaults)] {
		report.NotTaken = append(report.NotTaken, entry{Entry: f.Field, Message: f.Message})
	}
	body, err := json.Marshal(report)
	if err != nil {
		return ack // texts of our own always marshal
	}
	ack.Status = http.StatusOK
	ack.ContentType = "application/json"
	ack.Body = body
	return ack
}

// errForeign means that an entry is about a message of another system.
var errForeign = errors.New("vendorapi: not one of our ids")

// read reads one entry.
func (p Receipts) read(entry json.RawMessage) (touch.Receipt, error) {
	var in receivedReceipt
	var wrongType *json.UnmarshalTypeError
	switch err := json.Unmarshal(entry, &in); {
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return touch.Receipt{}, touch.Errorf(touch.Invalid, strings.TrimPrefix(wrongType.Field, "Receipt."), "must be a text")
	case err != nil:
		return touch.Receipt{}, touch.Errorf(touch.Invalid, "id", "the entry is not a JSON object")
	}
	in.Receipt.Code = scalar(in.Code)
	in.Receipt.At = instant(in.At)
	return p.receipt(in.Receipt)
}

// scalar returns a text or a number as text; other JSON is "".
func scalar(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(raw, &number) == nil {
		return number.String()
	}
	return ""
}

// instantLayouts are how vendors write instants. One without a zone is read as
// UTC: it may be off by hours, and counts as the nearest possible instant.
var instantLayouts = []string{
	time.RFC3339, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700", "20060102150405",
}

// instant returns the instant that a text or a number of seconds or milliseconds
// since 1970 names; what cannot be read is none, so that the receipt is of now.
func instant(raw json.RawMessage) time.Time {
	text := scalar(raw)
	for _, layout := range instantLayouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || n < 0 || n > 1e14:
		return time.Time{}
	case n > 1e11: // the year 5138 in seconds, 1973 in milliseconds
		return time.UnixMilli(int64(n)).UTC()
	}
	return time.Unix(int64(n), 0).UTC()
}

func (p Receipts) receipt(in Receipt) (touch.Receipt, error) {
	if in.ID == "" {
		return touch.Receipt{}, touch.Errorf(touch.Invalid, "id", "is required")
	}
	if _, _, err := touch.ParseDispatchID(in.ID); err != nil {
		return touch.Receipt{}, errForeign
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
