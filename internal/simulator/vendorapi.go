package simulator

import (
	"encoding/json"
	"net/http"
	"strings"

	"touchgate.dev/channels/vendorapi"
	"touchgate.dev/touch"
)

// serveVendorAPI handles the routes of the vendor API (package vendorapi).
func (s *Simulator) serveVendorAPI(w http.ResponseWriter, r *http.Request, p *provider, rest string, body []byte) {
	noun, id, _ := strings.Cut(rest, "/")
	noun, batch := strings.CutSuffix(noun, ":batch")
	switch {
	case rest == "health":
		w.WriteHeader(http.StatusNoContent)
		return
	case noun != vendorapi.Messages && noun != vendorapi.Calls && noun != vendorapi.Dispatches:
		http.NotFound(w, r)
		return
	case r.Method == http.MethodGet && id != "":
		s.serveQuery(w, p, id)
		return
	case r.Method != http.MethodPost || id != "":
		http.NotFound(w, r)
		return
	}
	messages, err := parseMessages(noun, batch, body)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, vendorapi.Answer{Status: vendorapi.StatusRejected, Reason: "other", Code: "unreadable"})
		return
	}
	s.handleCall(w, r, p, messages, noun == vendorapi.Calls, vendorAPIResponder{batch})
}

// serveQuery responds with the state of a message.
func (s *Simulator) serveQuery(w http.ResponseWriter, p *provider, id string) {
	if p.behaviour.get().NoQuery {
		writeJSON(w, http.StatusOK, vendorapi.Answer{ID: id, Status: vendorapi.StatusUnknown})
		return
	}
	if k, ok := s.received.latest(p.name, id); ok {
		writeJSON(w, http.StatusOK, vendorapi.Answer{ID: id, Status: vendorapi.StatusAccepted, VendorID: k.vendorID})
		return
	}
	writeJSON(w, http.StatusNotFound, vendorapi.Answer{ID: id, Status: vendorapi.StatusNotFound})
}

// parseMessages decodes the messages in the body of a call.
func parseMessages(noun string, batch bool, body []byte) ([]message, error) {
	switch noun {
	case vendorapi.Calls:
		return decode(batch, body, func(c *vendorapi.Call) message {
			return message{id: c.ID, channel: touch.AICall, address: c.To, text: c.Script + c.Text, resend: c.Resend}
		})
	case vendorapi.Dispatches:
		return decode(batch, body, func(d *vendorapi.Dispatch) message {
			return message{id: d.ID, channel: d.Channel, address: d.Address, customer: d.Customer, text: d.Content.Body, resend: d.Resend}
		})
	}
	return decode(batch, body, func(m *vendorapi.Message) message {
		return message{id: m.ID, channel: touch.SMS, address: m.To, text: m.Text, resend: m.Resend}
	})
}

// decode decodes a body with one item, or with several if it is a batch.
func decode[T any](batch bool, body []byte, toMessage func(*T) message) ([]message, error) {
	if !batch {
		var one T
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, err
		}
		return validate([]message{toMessage(&one)})
	}
	var in vendorapi.Batch[T]
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	out := make([]message, len(in.Items))
	for i := range in.Items {
		out[i] = toMessage(&in.Items[i])
	}
	return validate(out)
}

// validate returns the messages. It returns an error of class Invalid if there are none,
// or if one has no id, or neither an address nor a customer.
func validate(ms []message) ([]message, error) {
	for _, m := range ms {
		if m.id == "" || (m.address == "" && m.customer == "") {
			return nil, touch.Errorf(touch.Invalid, "", "a message has no id or no address")
		}
	}
	if len(ms) == 0 {
		return nil, touch.Errorf(touch.Invalid, "", "there are no messages")
	}
	return ms, nil
}
