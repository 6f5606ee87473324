package bench

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"touchgate.dev/touch"
)

func TestReportCountsAndTables(t *testing.T) {
	var r Report
	r.add(&Figures{Mode: "bulk", PerSecond: 5, RatioToBareClient: 0.5, BareClient: 10, Lost: 1})
	r.add(&Figures{Mode: "single", PerSecond: 3, Duplicated: 2, OverCap: 4})
	var out bytes.Buffer
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{
		"touches_per_second": 5, "ratio_to_bare_client": 0.5, "lost": 1, "duplicated": 2, "over_cap": 4, "p50_ms": 0, "p99_ms": 0,
	} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	again, err := ReadReport(&out)
	if err != nil {
		t.Fatal(err)
	}
	var tables bytes.Buffer
	again.Markdown(&tables)
	for _, row := range []string{"| bulk |  | 5 | 0.50 of 10 |  |  | 1, 0, 0 |", "| single |  | 3 |  |  |  | 0, 2, 4 |"} {
		if !strings.Contains(tables.String(), row) {
			t.Errorf("the tables lack %q:\n%s", row, &tables)
		}
	}
	if _, err := ReadReport(strings.NewReader("{}")); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("an empty object was read as a report: %v", err)
	}
	if !r.Bad() {
		t.Error("a report with a lost touch is not bad")
	}
	if (&Report{}).Bad() {
		t.Error("an empty report is bad")
	}
}
