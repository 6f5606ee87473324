package httpapi

import (
	"compress/gzip"
	"io"

	"touchgate.dev/touch"
)

// ratioFrom is how many decompressed bytes are not held against the ratio: a
// short text of equal lines may expand a lot and harms nobody.
const ratioFrom = 1 << 20

// inflater decompresses a gzip body. It ends with class TooLarge when the body
// expands beyond a ratio: 33 KB of gzip can be 32 MB of lines that all want an
// answer. Not safe for concurrent use.
type inflater struct {
	*gzip.Reader
	wire    *countingReader
	plain   int64
	ratio   int64
	metrics *httpMetrics
}

// newInflater reads the head of a gzip body; class Invalid when it has none.
func newInflater(body io.Reader, ratio int, metrics *httpMetrics) (*inflater, error) {
	wire := &countingReader{r: body}
	z, err := gzip.NewReader(wire)
	if err != nil {
		return nil, malformed{touch.Errorf(touch.Invalid, "", "the body is not gzip")}
	}
	return &inflater{Reader: z, wire: wire, ratio: int64(ratio), metrics: metrics}, nil
}

// Read implements io.Reader.
func (z *inflater) Read(p []byte) (int, error) {
	n, err := z.Reader.Read(p)
	z.plain += int64(n)
	if z.plain > ratioFrom && z.plain > z.ratio*z.wire.n {
		z.metrics.bite("ratio")
		return 0, touch.Errorf(touch.TooLarge, "", "the body expands to more than %d times its size", z.ratio)
	}
	return n, err
}

// countingReader counts the bytes of the wire.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
