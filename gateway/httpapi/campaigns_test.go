package httpapi_test

import (
	"net/http"
	"testing"
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
	odd := f.dev(http.StatusOK, "POST", "/v1/campaigns/a%2Fb%3Apause:pause", "")
	if odd.field(t, "campaign") != "a/b:pause" {
		t.Errorf("an odd name: %s", odd.body)
	}
}
