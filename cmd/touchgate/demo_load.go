package main

import (
	"maps"
	"slices"

	"touchgate.dev/internal/demodata"
	"touchgate.dev/touch"
)

// demoLoad is what a demo sends: generated customers and touches, or the touches
// of a user's file.
type demoLoad struct {
	world     *demodata.World // nil: a file
	file      string
	campaigns []string // sorted
	// templates are the templates that the file names, each with the names of the
	// params that lines give it. A world has none: it uses those of the examples.
	templates map[string]map[string]bool
	lines     int // touches
}

// defaultCampaign is the campaign of a file's lines that name none.
const defaultCampaign = "demo"

// newDemoLoad generates the load, or reads the file to find its campaigns and
// templates. A file is read again when it is sent, and never held in memory.
func newDemoLoad(f demoFlags) (*demoLoad, error) {
	if f.file == "" {
		world := demodata.Make(f.touches, 1)
		return &demoLoad{world: &world, campaigns: []string{demodata.Campaign}, lines: f.touches}, nil
	}

	l := &demoLoad{file: f.file, templates: map[string]map[string]bool{}}
	seen := map[string]bool{}
	err := eachLine(f.file, func(raw []byte) error {
		l.lines++
		h := readLineHead(raw)
		seen[h.Campaign] = true
		for _, leg := range h.Plan {
			if leg.Template == "" {
				continue
			}
			if l.templates[leg.Template] == nil {
				l.templates[leg.Template] = map[string]bool{}
			}
			for name := range leg.Params {
				l.templates[leg.Template][name] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if l.lines == 0 {
		return nil, touch.Errorf(touch.Invalid, "", "%s holds no touches", f.file)
	}
	l.campaigns = slices.Sorted(maps.Keys(seen))
	return l, nil
}

// vendorsMisbehave reports whether the simulated vendors should fail now and then.
// With a user's own file they do not, so that the results come from the file and the
// policies alone.
func (l *demoLoad) vendorsMisbehave() bool { return l.world != nil }
