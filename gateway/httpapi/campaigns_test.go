package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"touchgate.dev/ledger"
)

func TestCampaigns(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusAccepted, "POST", "/v1/touches", body("a"))
	for _, step := range [][2]string{{"pause", "paused"}, {"resume", "running"}, {"cancel", "cancelled"}} {
		if a := f.dev(http.StatusOK, "POST", "/v1/campaigns/nov:"+step[0], ""); a.field(t, "status") != step[1] {
			t.Errorf("%s: %s", step[0], a.body)
		}
	}
	f.dev(http.StatusConflict, "POST", "/v1/campaigns/nov:resume", "")
	view := f.dev(http.StatusOK, "GET", "/v1/campaigns/nov", "")
	if view.field(t, "status") != "cancelled" || len(view.field(t, "counts").([]any)) == 0 {
		t.Errorf("the campaign: %s", view.body)
	}
	// A colon and a slash in a name are escaped, and are no verb.
	odd := f.dev(http.StatusOK, "POST", "/v1/campaigns/a%2Fb%3Apause:pause?ahead=true", "")
	if odd.field(t, "campaign") != "a/b:pause" {
		t.Errorf("an odd name: %s", odd.body)
	}
}

// TestUnknownCampaign: a brake with a typing slip in the name holds nothing, and
// says so with the name that was meant. Nothing is made.
func TestUnknownCampaign(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusAccepted, "POST", "/v1/touches", `{"key":"a","customer":"c","category":"service","campaign":"spring-sale",
		"plan":[{"channel":"inbox","content":{"body":"x"}}]}`)
	for _, verb := range []string{"pause", "resume", "cancel"} {
		a := f.dev(http.StatusNotFound, "POST", "/v1/campaigns/sprng-sale:"+verb, "")
		if !strings.Contains(string(a.body), "spring-sale") {
			t.Errorf("%s: %s", verb, a.body)
		}
		if far := f.dev(http.StatusNotFound, "POST", "/v1/campaigns/loans:"+verb, ""); strings.Contains(string(far.body), "spring") {
			t.Errorf("%s of quite another name: %s", verb, far.body)
		}
		f.dev(http.StatusNotFound, "GET", "/v1/campaigns/sprng-sale", "")
	}
	if a := f.dev(http.StatusNotFound, "GET", "/v1/campaigns/spring_sale", ""); !strings.Contains(string(a.body), "spring-sale") {
		t.Errorf("GET: %s", a.body)
	}
}

// TestCampaignPausedAhead: a campaign may be paused before its touches come, if
// the caller says that it means that.
func TestCampaignPausedAhead(t *testing.T) {
	f := newFixture(t, nil)
	f.dev(http.StatusNotFound, "POST", "/v1/campaigns/may:pause", "")
	f.dev(http.StatusNotFound, "POST", "/v1/campaigns/may:pause?ahead=false", "")
	f.dev(http.StatusUnprocessableEntity, "POST", "/v1/campaigns/may:resume?ahead=true", "")
	a := f.dev(http.StatusOK, "POST", "/v1/campaigns/may:pause?ahead=true", "")
	if a.field(t, "status") != "paused" || a.field(t, "binds") != 0.0 {
		t.Errorf("paused ahead: %s", a.body)
	}
	f.dev(http.StatusAccepted, "POST", "/v1/touches", strings.Replace(body("m"), `"nov"`, `"may"`, 1))
	if a := f.dev(http.StatusOK, "POST", "/v1/campaigns/may:resume", ""); a.field(t, "binds") != 1.0 {
		t.Errorf("resumed: %s", a.body)
	}
	f.dev(http.StatusOK, "POST", "/v1/campaigns/june:pause?ahead=true", "")
	f.dev(http.StatusOK, "POST", "/v1/campaigns/june:resume", "")
	f.dev(http.StatusNotFound, "POST", "/v1/campaigns/june:pause", "")
}

// TestBrakesAnswerWhatTheyBind: 0 says that a brake holds nothing.
func TestBrakesAnswerWhatTheyBind(t *testing.T) {
	f := newFixture(t, nil)
	for _, key := range []string{"a", "b", "c"} {
		f.dev(http.StatusAccepted, "POST", "/v1/touches", body(key))
	}
	for _, verb := range []string{"pause", "pause", "resume", "resume", "cancel", "cancel"} {
		if a := f.dev(http.StatusOK, "POST", "/v1/campaigns/nov:"+verb, ""); a.field(t, "binds") != 3.0 {
			t.Errorf("%s: %s", verb, a.body)
		}
	}
	f.dev(http.StatusAccepted, "POST", "/v1/touches", strings.Replace(body("d"), `"nov"`, `"dec"`, 1))
	// The reconciler, which cancels the three for good, does not run here.
	for order, want := range map[string]any{
		`{"owner":"o","reason":"r"}`:                                    4.0,
		`{"owner":"o","reason":"r","caller":"dev"}`:                     4.0,
		`{"owner":"o","reason":"r","caller":"nobody"}`:                  0.0,
		`{"owner":"o","reason":"r","channel":"rm_task"}`:                0.0,
		`{"owner":"o","reason":"r","provider":"none"}`:                  0.0,
		`{"owner":"o","reason":"r","channel":"rm_task","caller":"dev"}`: 0.0,
	} {
		if a := f.dev(http.StatusOK, "PUT", "/v1/stops/s", order); a.field(t, "binds") != want {
			t.Errorf("%s: %s", order, a.body)
		}
	}
}

// fullOfEmpty is a ledger in which the caller has as many campaigns without a
// touch as are allowed.
type fullOfEmpty struct{ ledger.Campaigns }

func (fullOfEmpty) CountEmpty(_ context.Context, _ string, limit int) (int, error) { return limit, nil }

// TestEmptyCampaignsAreBounded: nobody makes campaigns without end by pausing
// them ahead; what has touches can be paused all the same.
func TestEmptyCampaignsAreBounded(t *testing.T) {
	f := newFixture(t, func(l *ledger.Ledger) { l.Campaigns = fullOfEmpty{l.Campaigns} })
	f.dev(http.StatusConflict, "POST", "/v1/campaigns/one-more:pause?ahead=true", "")
	f.dev(http.StatusAccepted, "POST", "/v1/touches", body("a"))
	f.dev(http.StatusOK, "POST", "/v1/campaigns/nov:pause?ahead=true", "")
}
