package bench

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"touchgate.dev/touch"
)

// sweep varies one thing and measures how speed or cost changes.
type sweep struct {
	name, x, y string
	values     []int
	// at returns one measurement for each series.
	at     func(ctx context.Context, o Options, v int) ([]float64, error)
	series []string
}

var perSecond = []string{"touches per second"}

func sweeps() []sweep {
	return []sweep{
		{
			name:   "customers",
			x:      "customers",
			y:      "touches per second",
			values: []int{1000, 10_000, 100_000, 1_000_000},
			series: perSecond,
			at:     sweepCustomers,
		},
		{
			name:   "contacts",
			x:      "contacts in a customer's log",
			y:      "contacts reserved and committed per second",
			values: []int{0, 1, 2, 5, 10, 20, 30, 50},
			series: []string{"per second", "bytes in Redis"},
			at:     sweepContacts,
		},
		{
			name:   "rules",
			x:      "rules",
			y:      "µs for a verdict",
			values: []int{1, 3, 10, 30, 100, 300, 1000},
			series: []string{"µs"},
			at:     sweepRules,
		},
		{
			name:   "segment",
			x:      "touches in a segment",
			y:      "touches per second",
			values: []int{1, 10, 50, 100, 250, 500, 1000},
			series: perSecond,
			at:     sweepSegment,
		},
		{
			name:   "workers",
			x:      "segments delivered at once",
			y:      "touches per second",
			values: []int{1, 2, 4, 8},
			series: perSecond,
			at:     sweepWorkers,
		},
		{
			name:   "size",
			x:      "touches in the campaign",
			y:      "touches per second",
			values: []int{10_000, 100_000, 1_000_000, 10_000_000},
			series: []string{"touches per second", "peak MB"},
			at:     sweepSize,
		},
	}
}

// Sweeps lists the names that Sweep knows.
func Sweeps() []string {
	var names []string
	for _, s := range sweeps() {
		names = append(names, s.name)
	}
	return names
}

// Sweep measures one sweep and writes it into dir, as NAME.csv and NAME.svg. It
// uses the first of the ledgers. Values above max are left out; 0 leaves out none.
func Sweep(ctx context.Context, name, dir string, max int, o Options) error {
	for _, s := range sweeps() {
		if s.name == name {
			return s.run(ctx, dir, max, o)
		}
	}
	return touch.Errorf(touch.Invalid, "sweep", "%q is none of %v", name, Sweeps())
}

func (s *sweep) run(ctx context.Context, dir string, max int, o Options) error {
	p := plot{title: s.name, x: s.x, y: s.y, series: s.series}
	for _, v := range s.values {
		if max > 0 && v > max {
			break
		}
		ys, err := s.at(ctx, o, v)
		if err != nil {
			return fmt.Errorf("%s %d: %w", s.name, v, err)
		}
		fmt.Fprintf(o.Progress, "%s %d: %.4g\n", s.name, v, ys)
		p.points = append(p.points, point{float64(v), ys})
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := p.csv(filepath.Join(dir, s.name+".csv")); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, s.name+".svg"), p.svg(), 0o644)
}

func (p *plot) csv(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	_ = w.Write(append([]string{p.x}, p.series...)) // Error below returns the first error
	for _, pt := range p.points {
		row := []string{strconv.FormatFloat(pt.x, 'f', -1, 64)}
		for _, y := range pt.ys {
			row = append(row, strconv.FormatFloat(y, 'g', 5, 64))
		}
		_ = w.Write(row)
	}
	w.Flush()
	return w.Error()
}

// campaignWith measures one campaign in an environment of its own, after a
// smaller one to the same customers.
func campaignWith(ctx context.Context, o Options, n, customers int) (f *Figures, err error) {
	e, err := openEnv(ctx, mode{needsTarget: true}, o.Ledgers[0], o)
	if err != nil {
		return nil, err
	}
	defer e.close()
	for _, n := range []int{max(1000, n/10), n} {
		w, err := e.prepare(ctx, uniqueName("sweep", n), n, customers, touch.Service)
		if err != nil {
			return nil, err
		}
		if f, err = e.runCampaign(ctx, w); err != nil {
			return nil, err
		}
		if f.Lost+f.Duplicated+f.OverCap > 0 {
			return nil, touch.Errorf(touch.Internal, "", "lost %d, duplicated %d, over cap %d", f.Lost, f.Duplicated, f.OverCap)
		}
	}
	return f, nil
}

// sweepCustomers sends the same campaign to ever more customers.
func sweepCustomers(ctx context.Context, o Options, v int) ([]float64, error) {
	f, err := campaignWith(ctx, o, orDefault(o.Touches, 100_000), v)
	if err != nil {
		return nil, err
	}
	return []float64{f.PerSecond}, nil
}

func sweepContacts(ctx context.Context, o Options, v int) ([]float64, error) {
	e, err := openEnv(ctx, mode{}, "", o)
	if err != nil {
		return nil, err
	}
	defer e.close()
	speed, bytes, err := e.measureCaps(ctx, orDefault(o.Touches, 20_000), v)
	return []float64{speed, bytes}, err
}

func sweepRules(ctx context.Context, _ Options, v int) ([]float64, error) {
	spent, _, err := measureVerdict(ctx, v)
	return []float64{float64(spent.Nanoseconds()) / 1000}, err
}

func sweepSegment(ctx context.Context, o Options, v int) ([]float64, error) {
	o.Segment = v
	n := orDefault(o.Touches, min(100_000, max(5_000, 1000*v)))
	f, err := campaignWith(ctx, o, n, max(1, n/2))
	if err != nil {
		return nil, err
	}
	return []float64{f.PerSecond}, nil
}

func sweepWorkers(ctx context.Context, o Options, v int) ([]float64, error) {
	o.Bulk = v
	n := orDefault(o.Touches, 100_000)
	f, err := campaignWith(ctx, o, n, max(1, n/2))
	if err != nil {
		return nil, err
	}
	return []float64{f.PerSecond}, nil
}

// sweepSize sends ever larger campaigns, to at most a million customers.
func sweepSize(ctx context.Context, o Options, v int) ([]float64, error) {
	f, err := campaignWith(ctx, o, v, min(max(1, v/2), 1_000_000))
	if err != nil {
		return nil, err
	}
	return []float64{f.PerSecond, f.PeakMB}, nil
}
