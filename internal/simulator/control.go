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

// SetBehaviour sets how a provider behaves from now on. It returns an error of class
// Invalid if the name or the behaviour is wrong.
func (s *Simulator) SetBehaviour(provider string, b Behaviour) error {
	if provider == "" || strings.Contains(provider, "/") || provider == "control" || provider == "truth" {
		return touch.Errorf(touch.Invalid, "provider", "is not a name for a provider")
	}
	if err := b.Validate(); err != nil {
		return err
	}
	s.provider(provider).behaviour.set(b, s.o.Now())
	return nil
}

// serveControl handles POST /control, which sets a behaviour, and GET /control, which
// returns the behaviours of all providers.
func (s *Simulator) serveControl(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		all := map[string]Behaviour{}
		s.providers.Range(func(name, p any) bool {
			all[name.(string)] = p.(*provider).behaviour.get().Behaviour
			return true
		})
		writeJSON(w, http.StatusOK, all)
		return
	}
	var c Command
	in := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
	in.DisallowUnknownFields()
	err := in.Decode(&c)
	if err == nil {
		err = s.SetBehaviour(c.Provider, c.Behaviour)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// serveMessages handles GET /truth, which returns one line of JSON per received message,
// and GET /truth/counts, which returns sums.
func (s *Simulator) serveMessages(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/counts") {
		writeJSON(w, http.StatusOK, struct {
			Counts
			Receipts ReceiptStats `json:"receipts"`
		}{s.received.Counts(), s.Receipts()})
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := json.NewEncoder(w)
	for _, t := range s.received.All() {
		if out.Encode(t) != nil {
			return
		}
	}
}
