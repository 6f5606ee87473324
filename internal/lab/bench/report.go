package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/jedib0t/go-pretty/v6/table"
)

// CPU is CPU seconds for 1,000 touches: of the house (SQLite is in it), of
// Redis, of PostgreSQL, and of the bench itself (callers and vendor).
type CPU struct {
	House  float64 `json:"house"`
	Redis  float64 `json:"redis"`
	Ledger float64 `json:"ledger"`
	Load   float64 `json:"load"`
}

// Figures is what one mode came to on one ledger: the median round by speed.
// The three counts are sums over all rounds.
type Figures struct {
	Mode      string  `json:"mode"`
	Ledger    string  `json:"ledger,omitempty"`
	Touches   int     `json:"touches"`
	Rounds    int     `json:"rounds"`
	PerSecond float64 `json:"touches_per_second"`
	Slowest   float64 `json:"slowest_round_per_second,omitempty"`
	Fastest   float64 `json:"fastest_round_per_second,omitempty"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	P999      float64 `json:"p999_ms"`
	// The three counts, by the vendor's log.
	Lost       int `json:"lost"`
	Duplicated int `json:"duplicated"`
	OverCap    int `json:"over_cap"`
	// Sent and Capped are what the house says.
	Sent   int `json:"sent"`
	Capped int `json:"capped"`
	// BareClient is how many calls a second a bare HTTP client made to the
	// same vendor in the same run, and RatioToBareClient our share of that.
	BareClient        float64 `json:"bare_client_per_second,omitempty"`
	RatioToBareClient float64 `json:"ratio_to_bare_client,omitempty"`
	CPU               CPU     `json:"cpu_seconds_per_1000"`
	RedisBytes        float64 `json:"redis_bytes_per_touch"`
	LedgerBytes       float64 `json:"ledger_bytes_per_touch"`
	Allocations       float64 `json:"allocations_per_touch"`
	PeakMB            float64 `json:"house_peak_mb"`
	// Also are figures that only this mode has; their names say the unit.
	Also map[string]float64 `json:"also,omitempty"`
}

func (f *Figures) also(name string, v float64) {
	if f.Also == nil {
		f.Also = map[string]float64{}
	}
	f.Also[name] = v
}

// latencies fills in the percentiles of a histogram of microseconds.
func (f *Figures) latencies(h *hdr.Histogram) {
	f.P50, f.P99, f.P999 = ms(h, 50), ms(h, 99), ms(h, 99.9)
}

// newHistogram holds 1 µs to 10 minutes with three digits.
func newHistogram() *hdr.Histogram { return hdr.New(1, int64(10*time.Minute/time.Microsecond), 3) }

func ms(h *hdr.Histogram, q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1000 }

func (f *Figures) line() string {
	s := fmt.Sprintf("%.0f/s, p50 %.1f ms, p99 %.1f ms, lost %d, duplicated %d, over cap %d", f.PerSecond, f.P50, f.P99, f.Lost, f.Duplicated, f.OverCap)
	if f.RatioToBareClient > 0 {
		s += fmt.Sprintf(", %.2f of a bare client's %.0f/s", f.RatioToBareClient, f.BareClient)
	}
	return s
}

// Report is a whole run. Its first fields are those of the first measurement.
type Report struct {
	Figures
	Machine string     `json:"machine"`
	Limits  Limits     `json:"limits"`
	At      time.Time  `json:"at"`
	All     []*Figures `json:"all"`
}

// add takes a measurement in. The three counts of the report are sums.
func (r *Report) add(f *Figures) {
	r.All = append(r.All, f)
	if len(r.All) == 1 {
		r.Figures = *f
		return
	}
	r.Lost += f.Lost
	r.Duplicated += f.Duplicated
	r.OverCap += f.OverCap
}

// Bad reports whether something was lost, duplicated or over a cap.
func (r *Report) Bad() bool { return r.Lost+r.Duplicated+r.OverCap > 0 }

// JSON writes the report as one object.
func (r *Report) JSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }

// Table writes the report for people.
func (r *Report) Table(w io.Writer) {
	fmt.Fprintln(w, r.Machine)
	fmt.Fprintf(w, "without us, a second: %.0f calls of a bare HTTP client, %.0f no-op Asynq tasks, %.0f empty scripts, %.0f rows by COPY\n",
		r.Limits.Client, r.Limits.Tasks, r.Limits.Scripts, r.Limits.Copy)
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"mode", "ledger", "per second", "p50 ms", "p99 ms", "p99.9 ms", "lost", "dup.", "over cap", "of bare client",
		"CPU s/1000: ours", "Redis", "ledger", "load", "Redis B", "ledger B", "allocs", "peak MB"})
	for _, f := range r.All {
		ratio := ""
		if f.RatioToBareClient > 0 {
			ratio = fmt.Sprintf("%.2f of %.0f", f.RatioToBareClient, f.BareClient)
		}
		t.AppendRow(table.Row{f.Mode, f.Ledger, fmt.Sprintf("%.0f", f.PerSecond), dot(f.P50), dot(f.P99), dot(f.P999), f.Lost, f.Duplicated, f.OverCap, ratio,
			fmt.Sprintf("%.3f", f.CPU.House), fmt.Sprintf("%.3f", f.CPU.Redis), fmt.Sprintf("%.3f", f.CPU.Ledger), fmt.Sprintf("%.3f", f.CPU.Load),
			fmt.Sprintf("%.0f", f.RedisBytes), fmt.Sprintf("%.0f", f.LedgerBytes), fmt.Sprintf("%.0f", f.Allocations), fmt.Sprintf("%.0f", f.PeakMB)})
	}
	t.Render()
	for _, f := range r.All {
		if name, share := r.Limits.share(f); share > 0 {
			fmt.Fprintf(w, "%s %s: %.2f of %s\n", f.Mode, f.Ledger, share, name)
		}
		for _, name := range slices.Sorted(maps.Keys(f.Also)) {
			fmt.Fprintf(w, "%s %s: %s %.4g\n", f.Mode, f.Ledger, name, f.Also[name])
		}
	}
}

func dot(v float64) string { return fmt.Sprintf("%.2f", v) }
