package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"touchgate.dev/policies"
	"touchgate.dev/touch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSinkRemembersWhatItTook(t *testing.T) {
	s, err := startSink()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	id := func(key string) string { return touch.DispatchID(touch.NewID("a", key), 0) }
	post := func(path, body string) string {
		resp, err := http.Post(s.url()+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		said, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s %v", path, resp.Status, err)
		}
		return string(said)
	}
	begun := time.Now()
	if said := post("/messages", `{"id":"`+id("1")+`","to":"x","text":"y"}`); !strings.Contains(said, `"status":"accepted"`) {
		t.Errorf("one message was answered with %s", said)
	}
	var batch struct {
		Results []struct{ ID, Status string }
	}
	said := post("/messages:batch", `{"items":[{"id":"`+id("2")+`","to":"x"},{"id":"`+id("1")+`","to":"x"}]}`)
	if err := json.Unmarshal([]byte(said), &batch); err != nil || len(batch.Results) != 2 || batch.Results[1].ID != id("1") {
		t.Errorf("a batch was answered with %s (%v)", said, err)
	}
	truth := s.truth()
	told := slices.Collect(truth.all())
	if len(told) != 3 || s.count() != 3 {
		t.Fatalf("it remembers %d messages and counts %d, want 3: a repetition is a second message", len(told), s.count())
	}
	for i, want := range []string{id("1"), id("2"), id("1")} {
		if m := told[i].message(); m.Dispatch != want || m.At.Before(begun.Truncate(time.Microsecond)) {
			t.Errorf("message %d is %v, want %s", i, m, want)
		}
	}
	if again := s.truth(); len(again.pieces) != 0 {
		t.Error("it tells its messages twice")
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestCountsAreTheSameInParts(t *testing.T) {
	w := newWork("w", 5000, 700, touch.Marketing)
	d := &done{w: w, other: map[touch.ID]touch.State{}}
	at := time.Now()
	take := func(i int) { d.truth.add(taken{id: touch.NewID(caller, w.key(i)), at: at.UnixNano()}) }
	var contacts = map[int]int{}
	over := 0
	for i := range w.n {
		if i == 17 { // said to be sent, and lost
			continue
		}
		take(i)
		if contacts[w.customer(i)]++; contacts[w.customer(i)] > weekly {
			over++
		}
	}
	take(4711) // a duplicate
	d.truth.add(taken{id: touch.NewID("another", "1")})
	whole, messages := 0, 0
	for k := range 7 {
		claims, truth, number := d.part(k, 7)
		whole, messages = whole+len(claims), messages+len(truth)
		for _, i := range number {
			if w.customer(i)%7 != k {
				t.Fatalf("customer %d is in part %d", w.customer(i), k)
			}
		}
	}
	if whole != w.n || messages != w.n {
		t.Errorf("the parts have %d claims and %d messages of %d", whole, messages, w.n)
	}
	e := &env{o: Options{Progress: io.Discard}}
	var f Figures
	e.compare(&f, d, func(int) time.Time { return at.Add(-time.Second) })
	if f.Lost != 1 || f.Duplicated != 1 || f.OverCap != over || f.P50 < 900 || f.P50 > 1100 {
		t.Errorf("lost %d, duplicated %d, over cap %d of %d, p50 %v ms", f.Lost, f.Duplicated, f.OverCap, over, f.P50)
	}
	e.compare(&f, &done{w: newWork("none", 0, 1, touch.Service)}, nil)
	if f.OverCap != 0 {
		t.Errorf("what was over a cap earlier is counted again: %d", f.OverCap)
	}
}

func TestTapeKeepsOrderOverPieces(t *testing.T) {
	var log tape
	const n = 2*tapePiece + 5
	for i := 0; i < n; i += 3 {
		log.add(taken{at: int64(i)}, taken{at: int64(i + 1)}, taken{at: int64(i + 2)})
	}
	next := int64(0)
	for m := range log.all() {
		if m.at != next {
			t.Fatalf("message %d comes as number %d", m.at, next)
		}
		next++
	}
	if next < n {
		t.Errorf("it has %d messages of %d", next, n)
	}
}

func TestWorkIsWhatTheAPITakes(t *testing.T) {
	w := newWork("w", 2500, 1000, touch.Marketing)
	w.due = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	in := bufio.NewScanner(w.stream())
	contacts, i := map[string]int{}, 0
	for ; in.Scan(); i++ {
		var r touch.Request
		d := json.NewDecoder(bytes.NewReader(in.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			t.Fatalf("line %d: %v: %s", i, err, in.Text())
		}
		if r.Key != w.key(i) || r.Customer != string(appendCustomer(nil, w.customer(i))) || !r.NotBefore.Equal(w.due) {
			t.Fatalf("line %d is %+v", i, r)
		}
		contacts[r.Customer]++
	}
	if i != w.n || len(w.clock) != w.n/clockStep {
		t.Fatalf("%d lines and %d readings of the clock", i, len(w.clock))
	}
	pestered := 0
	for _, n := range contacts {
		if n > weekly {
			pestered++
		}
	}
	if pestered == 0 || pestered > w.pestered {
		t.Errorf("%d customers get more than the cap, want 1 to %d: else the cap is never seen to hold", pestered, w.pestered)
	}
}

func TestRulesAndProofSayTheSame(t *testing.T) {
	set, err := policies.Compile([]policies.Source{{Name: "bench.yaml", Data: []byte(rules)}}, policies.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(rules, "limit: 10, per: 7d") || proofCaps()[0].Limit != weekly || proofCaps()[0].Rolling != 7*24*time.Hour {
		t.Error("the checker holds another weekly cap than the policy")
	}
	if len(set.Rules()) != 4 { // ours, and the suppression list that always binds
		t.Errorf("the policy has %v", set.Rules())
	}
}

func TestManyRulesCompileAndAllow(t *testing.T) {
	for _, n := range []int{1, 30} {
		if _, err := policies.Compile([]policies.Source{{Name: "many.yaml", Data: []byte(document(n))}}, policies.Options{}); err != nil {
			t.Errorf("%d rules: %v", n, err)
		}
	}
}

func TestMetersReadOurselves(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("this system has no /proc: CPU and memory are not measured on it")
	}
	before := cpuOf(os.Getpid())
	for start := time.Now(); time.Since(start) < 60*time.Millisecond; {
	}
	if spent := cpuOf(os.Getpid()) - before; spent < 0.01 || spent > 5 {
		t.Errorf("60 ms of work are read as %v CPU seconds", spent)
	}
	if mb := peakMB(os.Getpid()); mb < 1 || mb > 10_000 {
		t.Errorf("we take %v MB", mb)
	}
}

func TestReportSumsTheCountsThatMatter(t *testing.T) {
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
	for name, want := range map[string]float64{"touches_per_second": 5, "ratio_to_bare_client": 0.5, "lost": 1, "duplicated": 2, "over_cap": 4, "p50_ms": 0, "p99_ms": 0} {
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
		t.Error("a report with a lost touch is not good")
	}
	if (&Report{}).Bad() {
		t.Error("an empty report is not bad")
	}
}

func TestPlotIsDrawnToScale(t *testing.T) {
	p := plot{title: "t", x: "x", y: "<y>", series: []string{"a"}, points: []point{{1, []float64{0}}, {10, []float64{50}}, {100, []float64{100}}}}
	var doc struct {
		Circles []struct {
			X float64 `xml:"cx,attr"`
			Y float64 `xml:"cy,attr"`
		} `xml:"circle"`
	}
	if err := xml.Unmarshal(p.svg(), &doc); err != nil {
		t.Fatal(err)
	}
	c := doc.Circles
	if len(c) != 3 || c[1].X-c[0].X != c[2].X-c[1].X || c[0].Y-c[1].Y != c[1].Y-c[2].Y {
		t.Errorf("equal steps are not drawn equal: %+v", c)
	}
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := p.csv(path); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "x,a\n1,0\n10,50\n100,100\n" {
		t.Errorf("the table is %q (%v)", b, err)
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	if _, err := Run(t.Context(), "fast", Options{Progress: io.Discard}); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("got %v", err)
	}
	if err := Sweep(t.Context(), "moon", t.TempDir(), 0, Options{Progress: io.Discard}); touch.ClassOf(err) != touch.Invalid {
		t.Errorf("got %v", err)
	}
}
