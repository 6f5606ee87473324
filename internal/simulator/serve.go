package simulator

import (
	"encoding/json"
	"net/http"
	"strings"

	"touchgate.dev/channels/contract"
	"touchgate.dev/touch"
)

// contract answers the routes of our HTTP contract.
func (s *Simulator) contract(w http.ResponseWriter, r *http.Request, p *provider, rest string, body []byte) {
	noun, id, _ := strings.Cut(rest, "/")
	noun, batch := strings.CutSuffix(noun, ":batch")
	switch {
	case rest == "health":
		w.WriteHeader(http.StatusNoContent)
		return
	case noun != contract.Messages && noun != contract.Calls && noun != contract.Dispatches:
		http.NotFound(w, r)
		return
	case r.Method == http.MethodGet && id != "":
		s.query(w, p, id)
		return
	case r.Method != http.MethodPost || id != "":
		http.NotFound(w, r)
		return
	}
	messages, err := understand(noun, batch, body)
	if err != nil {
		answer(w, http.StatusBadRequest, contract.Answer{Status: contract.StatusRejected, Reason: "other", Code: "unreadable"})
		return
	}
	s.deliver(w, r, p, messages, noun == contract.Calls, contractVoice{batch})
}

func (s *Simulator) query(w http.ResponseWriter, p *provider, id string) {
	if p.behaviour.get().NoQuery {
		answer(w, http.StatusOK, contract.Answer{ID: id, Status: contract.StatusUnknown})
		return
	}
	if k, ok := s.truth.find(p.name, id); ok {
		answer(w, http.StatusOK, contract.Answer{ID: id, Status: contract.StatusAccepted, VendorID: k.vendorID})
		return
	}
	answer(w, http.StatusNotFound, contract.Answer{ID: id, Status: contract.StatusNotFound})
}

// understand reads a body of any noun.
func understand(noun string, batch bool, body []byte) ([]message, error) {
	switch noun {
	case contract.Calls:
		return read(batch, body, func(c *contract.Call) message {
			return message{id: c.ID, channel: touch.AICall, address: c.To, text: c.Script + c.Text, resend: c.Resend}
		})
	case contract.Dispatches:
		return read(batch, body, func(d *contract.Dispatch) message {
			return message{id: d.ID, channel: d.Channel, address: d.Address, customer: d.Customer, text: d.Content.Body, resend: d.Resend}
		})
	}
	return read(batch, body, func(m *contract.Message) message {
		return message{id: m.ID, channel: touch.SMS, address: m.To, text: m.Text, resend: m.Resend}
	})
}

func read[T any](batch bool, body []byte, word func(*T) message) ([]message, error) {
	if !batch {
		var one T
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, err
		}
		return complete([]message{word(&one)})
	}
	var in contract.Batch[T]
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	out := make([]message, len(in.Items))
	for i := range in.Items {
		out[i] = word(&in.Items[i])
	}
	return complete(out)
}

func complete(ms []message) ([]message, error) {
	for _, m := range ms {
		if m.id == "" || (m.address == "" && m.customer == "") {
			return nil, touch.Errorf(touch.Invalid, "", "a message without id or address")
		}
	}
	if len(ms) == 0 {
		return nil, touch.Errorf(touch.Invalid, "", "no messages")
	}
	return ms, nil
}
