package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"touchgate.dev/channels/vendorapi"
)

// responder is how a vendor words what happened: our contract's, or FCM's.
type responder interface {
	accepted(w http.ResponseWriter, outs []messageResult)
	fault(w http.ResponseWriter, f Fault, id string)
	// idempotencyWindow is how long an id is known; negative: for ever.
	idempotencyWindow() time.Duration
}

// messageResult is what became of one message of a call.
type messageResult struct {
	id       string
	vendorID string
	rejected string // the reason, or ""
}

// contractResponder answers as our HTTP contract says.
type contractResponder struct{ batch bool }

func (contractResponder) idempotencyWindow() time.Duration { return -1 }

func (v contractResponder) accepted(w http.ResponseWriter, outs []messageResult) {
	if !v.batch {
		o := outs[0]
		if o.rejected != "" {
			writeJSON(w, http.StatusUnprocessableEntity, vendorapi.Answer{ID: o.id, Status: vendorapi.StatusRejected, Reason: o.rejected, Code: "R-422"})
			return
		}
		writeJSON(w, http.StatusAccepted, vendorapi.Answer{ID: o.id, Status: vendorapi.StatusAccepted, VendorID: o.vendorID})
		return
	}
	results := vendorapi.Answers{Results: make([]vendorapi.Answer, len(outs))}
	for i, o := range outs {
		results.Results[i] = vendorapi.Answer{ID: o.id, Status: vendorapi.StatusAccepted, VendorID: o.vendorID}
		if o.rejected != "" {
			results.Results[i] = vendorapi.Answer{ID: o.id, Status: vendorapi.StatusRejected, Reason: o.rejected, Code: "R-422"}
		}
	}
	writeJSON(w, http.StatusOK, results)
}

func (contractResponder) fault(w http.ResponseWriter, f Fault, id string) {
	switch f.Kind {
	case Throttle:
		wait := max(f.RetryAfter.Std(), 0)
		if wait == 0 {
			wait = time.Second
		}
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		writeJSON(w, http.StatusTooManyRequests, vendorapi.Answer{Status: vendorapi.StatusThrottled, Code: "T-429", RetryAfter: wait.Seconds()})
	case Misconfigured:
		writeJSON(w, http.StatusUnauthorized, vendorapi.Answer{Status: vendorapi.StatusMisconfigured, Code: "A-401"})
	default:
		status := f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		http.Error(w, "the vendor is broken", status)
	}
}

var jsonType = []string{"application/json"}

func writeJSON(w http.ResponseWriter, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		panic("simulator: an answer always marshals: " + err.Error())
	}
	w.Header()["Content-Type"] = jsonType
	w.WriteHeader(status)
	_, _ = w.Write(b) // a caller that has gone needs no answer
}
