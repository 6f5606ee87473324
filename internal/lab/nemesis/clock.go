package nemesis

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"time"

	"touchgate.dev/internal/testserver"
	"touchgate.dev/touch"
)

// setClock sets a process's clock ahead of the run's clock, or back. A process
// that was started with `serve --clock FILE` adds to the machine's time as many
// nanoseconds as stand in the file, in eight bytes.
func (s *system) setClock(p *testserver.Process, ahead time.Duration) error {
	offset := binary.LittleEndian.AppendUint64(nil, uint64(s.offset+ahead))
	f, err := os.OpenFile(s.clockPath(p.Name), os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteAt(offset, 0)
		f.Close()
	}
	if err != nil {
		return touch.Errorf(touch.Unavailable, "dir", "a clock cannot be set: %w", err)
	}
	return nil
}

func (s *system) clockPath(process string) string { return filepath.Join(s.o.Dir, process+".clock") }
