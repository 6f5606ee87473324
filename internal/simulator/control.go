package simulator

import (
	"encoding/json"
	"net/http"
	"strings"

	"touchgate.dev/touch"
)

// Command is the body of POST /control.
type Command struct {
	Provider  string    `json:"provider"`
	Behaviour Behaviour `json:"behaviour"`
}

// Behave gives a provider its behaviour from now on; class Invalid.
func (s *Simulator) Behave(provider string, b Behaviour) error {
	if provider == "" || strings.Contains(provider, "/") || provider == "control" || provider == "truth" {
		return touch.Errorf(touch.Invalid, "provider", "is not a provider's name")
	}
	if err := b.Validate(); err != nil {
		return err
	}
	s.provider(provider).behaviour.set(b, s.o.Now())
	return nil
}

// control answers POST /control, and GET /control with all behaviours.
func (s *Simulator) control(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		all := map[string]Behaviour{}
		s.providers.Range(func(name, p any) bool {
			all[name.(string)] = p.(*provider).behaviour.get().Behaviour
			return true
		})
		answer(w, http.StatusOK, all)
		return
	}
	var c Command
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	in.DisallowUnknownFields()
	err := in.Decode(&c)
	if err == nil {
		err = s.Behave(c.Provider, c.Behaviour)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// tell answers GET /truth with a line of JSON for each message taken, and
// GET /truth/counts with the sums.
func (s *Simulator) tell(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/counts") {
		answer(w, http.StatusOK, struct {
			Counts
			Receipts ReceiptStats `json:"receipts"`
		}{s.truth.Counts(), s.Receipts()})
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	for _, t := range s.truth.Taken() {
		if out.Encode(t) != nil {
			return
		}
	}
}
