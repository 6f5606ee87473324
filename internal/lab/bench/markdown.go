package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"

	"touchgate.dev/touch"
)

// ReadReport reads a report that JSON wrote.
func ReadReport(r io.Reader) (*Report, error) {
	var report Report
	if err := json.NewDecoder(r).Decode(&report); err != nil {
		return nil, touch.Errorf(touch.Invalid, "figures", "not a report of the bench: %w", err)
	}
	if len(report.All) == 0 {
		return nil, touch.Errorf(touch.Invalid, "figures", "the report has no measurement")
	}
	return &report, nil
}

// Markdown writes the tables of docs/performance.md.
func (r *Report) Markdown(w io.Writer) {
	l := r.Limits
	fmt.Fprintf(w, "%s, %s. Without us, a second: %.0f calls of a bare HTTP client, %.0f no-op Asynq tasks, %.0f empty scripts, %.0f rows by COPY.\n\n",
		r.Machine, r.At.Format("2 January 2006"), l.Client, l.Tasks, l.Scripts, l.Copy)
	markdown(w, table.Row{"mode", "ledger", "a second", "of the bare client", "p50 ms", "p99 ms", "lost, duplicated, over cap",
		"CPU s/1000: ours, Redis, PostgreSQL, load", "two cores by that", "bytes: Redis, ledger", "peak MB"}, func(t table.Writer) {
		for _, f := range r.All {
			t.AppendRow(f.markdown())
		}
	})
	fmt.Fprintln(w)
	markdown(w, table.Row{"mode", "ledger", "also measured", ""}, func(t table.Writer) {
		for _, f := range r.All {
			if name, share := l.shareOfLimit(f); share > 0 {
				t.AppendRow(table.Row{f.Mode, f.Ledger, "part of " + name, fmt.Sprintf("%.2f", share)})
			}
			for _, name := range slices.Sorted(maps.Keys(f.Also)) {
				t.AppendRow(table.Row{f.Mode, f.Ledger, name, fmt.Sprintf("%.5g", f.Also[name])})
			}
		}
	})
}

func markdown(w io.Writer, header table.Row, fill func(table.Writer)) {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.AppendHeader(header)
	fill(t)
	t.RenderMarkdown()
}

// markdown returns a row of the first table. What a mode does not measure stays
// empty.
func (f *Figures) markdown() table.Row {
	var ratio, p50, p99, cpu, fastest, bytes, peak string
	if f.RatioToBareClient > 0 {
		ratio = fmt.Sprintf("%.2f of %.0f", f.RatioToBareClient, f.BareClient)
	}
	if f.P99 > 0 {
		p50 = decimals(f.P50, 1)
		p99 = decimals(f.P99, 1)
	}
	if all := f.CPU.Target + f.CPU.Redis + f.CPU.Ledger + f.CPU.Load; all > 0 {
		cpu = fmt.Sprintf("%.3f %.3f %.3f %.3f", f.CPU.Target, f.CPU.Redis, f.CPU.Ledger, f.CPU.Load)
		fastest = decimals(2000/all, 0)
		bytes = fmt.Sprintf("%.0f, %.0f", f.RedisBytes, f.LedgerBytes)
	}
	if f.PeakMB > 0 {
		peak = decimals(f.PeakMB, 0)
	}
	counts := fmt.Sprintf("%d, %d, %d", f.Lost, f.Duplicated, f.OverCap)
	return table.Row{f.Mode, f.Ledger, decimals(f.PerSecond, 0), ratio, p50, p99, counts, cpu, fastest, bytes, peak}
}
