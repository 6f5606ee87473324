package bench

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"testing"
)

func TestPlotScale(t *testing.T) {
	p := plot{
		title: "t", x: "x", y: "<y>", series: []string{"a"},
		points: []point{{1, []float64{0}}, {10, []float64{50}}, {100, []float64{100}}},
	}
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
		t.Errorf("equal steps differ in size: %+v", c)
	}
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := p.csv(path); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "x,a\n1,0\n10,50\n100,100\n" {
		t.Errorf("the CSV is %q (%v)", b, err)
	}
}
