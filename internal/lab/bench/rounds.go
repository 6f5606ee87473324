package bench

import "slices"

// rounds runs a warm-up, which is round 0, and then as many rounds as the
// operator or the mode wants. It returns the round with the median speed, of two
// the slower one. Its three counts are sums over all rounds.
func rounds(e *env, standard int, round func(n int) (*Figures, error)) (*Figures, error) {
	if e.options.Rounds > 0 {
		standard = e.options.Rounds
	}
	var all []*Figures
	for n := range standard + 1 {
		f, err := round(n)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			e.printf("warm-up: %s", f.line())
			continue
		}
		e.printf("round %d: %s", n, f.line())
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b *Figures) int { return int(a.PerSecond - b.PerSecond) })
	m := *all[(len(all)-1)/2]
	m.Rounds = len(all)
	m.Slowest = all[0].PerSecond
	m.Fastest = all[len(all)-1].PerSecond
	m.Lost = 0
	m.Duplicated = 0
	m.OverCap = 0
	for _, f := range all {
		m.addCounts(f)
		m.PeakMB = max(m.PeakMB, f.PeakMB)
	}
	return &m, nil
}

// orDefault returns the operator's number if it is set, and else the mode's own.
func orDefault(chosen, standard int) int {
	if chosen > 0 {
		return chosen
	}
	return standard
}
