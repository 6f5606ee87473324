package nemesis

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"time"

	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

// OffsetClock returns a clock that differs from the machine's by as many
// nanoseconds as stand in the file at path, in eight bytes. The file may change
// while the clock is used. `serve --clock FILE` runs a process by such a clock.
func OffsetClock(path string) (func() time.Time, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, touch.Errorf(touch.Invalid, "clock", "cannot be read: %w", err)
	}
	return func() time.Time {
		var offset [8]byte
		now := time.Now()
		if _, err := f.ReadAt(offset[:], 0); err != nil {
			return now // the run that wrote the file has ended
		}
		return now.Add(time.Duration(binary.LittleEndian.Uint64(offset[:])))
	}, nil
}

// setClock sets a process's clock ahead of the run's clock, or back.
func (s *system) setClock(p *testserver.Process, ahead time.Duration) error {
	return writeOffset(s.clockPath(p.Name), s.offset+ahead)
}

func writeOffset(path string, offset time.Duration) error {
	// The file is changed in place: the process has it open.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(offset)), 0)
		f.Close()
	}
	if err != nil {
		return touch.Errorf(touch.Unavailable, "dir", "a clock cannot be set: %w", err)
	}
	return nil
}

func (s *system) clockPath(process string) string { return filepath.Join(s.o.Dir, process+".clock") }
