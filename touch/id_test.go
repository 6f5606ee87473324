package touch_test

import (
	"encoding/json"
	"strings"
	"testing"

	"touchgate.dev/touch"
)

// TestStoredID fixes one id. The ledger stores ids, so another derivation would
// send every repeated request a second time.
func TestStoredID(t *testing.T) {
	if got, want := touch.NewID("engine", "spring-1").String(), "jybjm6ygzarsnwgfm4reg0a388"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNewIDSeparatesCallers(t *testing.T) {
	if touch.NewID("ab", "c") == touch.NewID("a", "bc") {
		t.Error(`caller "ab" with key "c" and caller "a" with key "bc" have the same id`)
	}
}

func TestParseID(t *testing.T) {
	id := touch.NewID("engine", "spring-1")
	text := id.String()
	if got, err := touch.ParseID(text); err != nil || got != id {
		t.Errorf("%s: got %s, error %v", text, got, err)
	}

	for _, bad := range []string{"", "short", text + "0", text[:25] + "u", strings.ToUpper(text)} {
		if _, err := touch.ParseID(bad); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%q: got error %v, want one of class invalid", bad, err)
		}
	}
}

func TestIDInJSON(t *testing.T) {
	id := touch.NewID("engine", "spring-1")
	text, err := json.Marshal(map[string]touch.ID{"id": id, "none": {}})
	if want := `{"id":"` + id.String() + `","none":""}`; err != nil || string(text) != want {
		t.Fatalf("got %s, error %v; want %s", text, err, want)
	}

	var back map[string]touch.ID
	if err := json.Unmarshal(text, &back); err != nil || back["id"] != id || !back["none"].IsZero() {
		t.Errorf("%s reads back as %v, error %v", text, back, err)
	}
}

func TestDispatchID(t *testing.T) {
	id := touch.NewID("engine", "spring-1")
	for leg := range touch.MaxLegs {
		text := touch.DispatchID(id, leg)
		gotID, gotLeg, err := touch.ParseDispatchID(text)
		if err != nil || gotID != id || gotLeg != leg {
			t.Errorf("%s: got id %s and leg %d, error %v", text, gotID, gotLeg, err)
		}
	}

	for _, bad := range []string{"", ".0", "x.0", id.String()} {
		if _, _, err := touch.ParseDispatchID(bad); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("%q: got error %v, want one of class invalid", bad, err)
		}
	}
	for _, leg := range []string{"", "-1", "8", "01", "+1", "x", "0.0"} {
		if _, _, err := touch.ParseDispatchID(id.String() + "." + leg); touch.ClassOf(err) != touch.Invalid {
			t.Errorf("leg %q: got error %v, want one of class invalid", leg, err)
		}
	}
}
