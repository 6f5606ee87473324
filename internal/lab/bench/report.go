package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

// CPU is CPU seconds for 1,000 touches: of the target (SQLite is a part of it),
// of Redis, of PostgreSQL, and of the bench itself (callers and vendor).
type CPU struct {
	Target float64 `json:"house"`
	Redis  float64 `json:"redis"`
	Ledger float64 `json:"ledger"`
	Load   float64 `json:"load"`
}

// Figures are the result of one mode on one ledger: the round with the median
// speed. The three counts are sums over all rounds.
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
	// Sent and Capped are what the target says.
	Sent   int `json:"sent"`
	Capped int `json:"capped"`
	// BareClient is how many calls a second a bare HTTP client made to the same
	// vendor in the same run; RatioToBareClient is the target's share of that.
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

func (f *Figures) addAlso(name string, v float64) {
	if f.Also == nil {
		f.Also = map[string]float64{}
	}
	f.Also[name] = v
}

// addCounts adds the three counts of another measurement.
func (f *Figures) addCounts(other *Figures) {
	f.Lost += other.Lost
	f.Duplicated += other.Duplicated
	f.OverCap += other.OverCap
}

// line returns the figures of a round in one line.
func (f *Figures) line() string {
	s := fmt.Sprintf("%.0f/s, p50 %.1f ms, p99 %.1f ms, lost %d, duplicated %d, over cap %d", f.PerSecond, f.P50, f.P99, f.Lost, f.Duplicated, f.OverCap)
	if f.RatioToBareClient > 0 {
		s += fmt.Sprintf(", %.2f of a bare client's %.0f/s", f.RatioToBareClient, f.BareClient)
	}
	return s
}

// Report is a whole run. Its first fields are those of the first measurement, but
// its three counts are sums over all.
type Report struct {
	Figures
	Machine string     `json:"machine"`
	Limits  Limits     `json:"limits"`
	At      time.Time  `json:"at"`
	All     []*Figures `json:"all"`
}

// add adds a measurement.
func (r *Report) add(f *Figures) {
	r.All = append(r.All, f)
	if len(r.All) == 1 {
		r.Figures = *f
		return
	}
	r.addCounts(f)
}

// Bad reports whether something was lost, duplicated or over a cap.
func (r *Report) Bad() bool { return r.Lost+r.Duplicated+r.OverCap > 0 }

// JSON writes the report as one object.
func (r *Report) JSON(w io.Writer) error { return json.NewEncoder(w).Encode(r) }

// Table writes the report for a terminal.
func (r *Report) Table(w io.Writer) {
	fmt.Fprintln(w, r.Machine)
	fmt.Fprintf(w, "without us, a second: %.0f calls of a bare HTTP client, %.0f no-op Asynq tasks, %.0f empty scripts, %.0f rows by COPY\n",
		r.Limits.Client, r.Limits.Tasks, r.Limits.Scripts, r.Limits.Copy)
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{
		"mode", "ledger", "per second", "p50 ms", "p99 ms", "p99.9 ms", "lost", "dup.", "over cap", "of bare client",
		"CPU s/1000: ours", "Redis", "ledger", "load", "Redis B", "ledger B", "allocs", "peak MB",
	})
	for _, f := range r.All {
		t.AppendRow(f.row())
	}
	t.Render()
	for _, f := range r.All {
		if name, share := r.Limits.shareOfLimit(f); share > 0 {
			fmt.Fprintf(w, "%s %s: %.2f of %s\n", f.Mode, f.Ledger, share, name)
		}
		for _, name := range slices.Sorted(maps.Keys(f.Also)) {
			fmt.Fprintf(w, "%s %s: %s %.4g\n", f.Mode, f.Ledger, name, f.Also[name])
		}
	}
}

func (f *Figures) row() table.Row {
	ratio := ""
	if f.RatioToBareClient > 0 {
		ratio = fmt.Sprintf("%.2f of %.0f", f.RatioToBareClient, f.BareClient)
	}
	return table.Row{
		f.Mode, f.Ledger, decimals(f.PerSecond, 0),
		decimals(f.P50, 2), decimals(f.P99, 2), decimals(f.P999, 2),
		f.Lost, f.Duplicated, f.OverCap, ratio,
		decimals(f.CPU.Target, 3), decimals(f.CPU.Redis, 3), decimals(f.CPU.Ledger, 3), decimals(f.CPU.Load, 3),
		decimals(f.RedisBytes, 0), decimals(f.LedgerBytes, 0), decimals(f.Allocations, 0), decimals(f.PeakMB, 0),
	}
}

// decimals formats v with n digits after the point.
func decimals(v float64, n int) string { return strconv.FormatFloat(v, 'f', n, 64) }
