package bench

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// plot is a line chart with a logarithmic x axis. Each series has a y axis of its
// own, from zero: their units differ.
type plot struct {
	title, x, y string
	series      []string
	points      []point
}

type point struct {
	x  float64
	ys []float64
}

const (
	plotWidth, plotHeight        = 640, 360
	plotLeft, plotRight          = 70, 70
	plotTop, plotBottom, plotGap = 40, 50, 14
)

var colors = []string{"#1f6feb", "#d1242f"}

// svg draws the plot.
func (p *plot) svg() []byte {
	var b bytes.Buffer
	text := func(x, y float64, anchor, color, s string) {
		fmt.Fprintf(&b, `<text x="%.0f" y="%.0f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, color, html.EscapeString(s))
	}
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", plotWidth, plotHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", plotWidth, plotHeight)
	text(plotWidth/2, 20, "middle", "#000", p.title+": "+p.y)
	text(plotWidth/2, plotHeight-plotGap, "middle", "#000", p.x)
	const left, right, bottom = plotLeft, plotWidth - plotRight, plotHeight - plotBottom
	fmt.Fprintf(&b, `<path d="M%d %d V%d H%d" fill="none" stroke="#000"/>`+"\n", left, plotTop, bottom, right)
	for _, pt := range p.points {
		text(p.at(pt.x), bottom+16, "middle", "#000", short(pt.x))
	}
	for s, name := range p.series {
		color := colors[s%len(colors)]
		top := p.top(s)
		y := func(v float64) float64 { return bottom - v/top*(bottom-plotTop) }
		side, anchor := float64(left-6), "end"
		if s > 0 {
			side, anchor = right+6, "start"
		}
		for k := range 5 {
			v := top * float64(k) / 4
			text(side, y(v)+4, anchor, color, short(v))
		}
		text(side, plotTop-8, anchor, color, name)
		var path []string
		for _, pt := range p.points {
			path = append(path, fmt.Sprintf("%.1f,%.1f", p.at(pt.x), y(pt.ys[s])))
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", p.at(pt.x), y(pt.ys[s]), color)
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(path, " "), color)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// at returns the position of an x, by its logarithm. Zero is drawn as one half.
func (p *plot) at(x float64) float64 {
	scale := func(v float64) float64 { return math.Log(max(v, 0.5)) }
	lo, hi := scale(p.points[0].x), scale(p.points[len(p.points)-1].x)
	if hi == lo {
		return plotWidth / 2
	}
	return plotLeft + 10 + (scale(x)-lo)/(hi-lo)*(plotWidth-plotLeft-plotRight-20)
}

// top returns a round number that no value of a series exceeds.
func (p *plot) top(series int) float64 {
	most := 0.0
	for _, pt := range p.points {
		most = max(most, pt.ys[series])
	}
	if most <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	return math.Ceil(most/unit*2) / 2 * unit
}

// short formats a number for an axis: 1k, 2.5M.
func short(v float64) string {
	switch {
	case v >= 1e6:
		return strconv.FormatFloat(v/1e6, 'g', 3, 64) + "M"
	case v >= 1e3:
		return strconv.FormatFloat(v/1e3, 'g', 3, 64) + "k"
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
