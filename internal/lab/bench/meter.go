package bench

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// usage is what the parts have used up to an instant.
type usage struct {
	at                         time.Time
	house, redis, ledger, load float64 // CPU seconds
	redisBytes, ledgerBytes    int64
	mallocs                    float64
}

// read takes all meters. What cannot be read (no /proc here) stays zero.
func (e *env) read(ctx context.Context) usage {
	u := usage{at: time.Now(), load: cpuOf(os.Getpid())}
	if e.house != nil {
		u.house = cpuOf(e.house.PID)
		u.mallocs = e.metric(ctx, "go_memstats_mallocs_total")
	}
	if e.rdb != nil {
		info := redisInfo(ctx, e.rdb)
		u.redis = info["used_cpu_user"] + info["used_cpu_sys"]
		u.redisBytes = int64(info["used_memory"])
	}
	if e.postgres != nil {
		u.ledger = familyCPU(e.postgres.PID())
	}
	u.ledgerBytes = e.ledgerBytes(ctx)
	return u
}

// cost fills in what n touches cost between two readings.
func (f *Figures) cost(before, after usage, n int) {
	per := float64(max(n, 1))
	f.CPU = CPU{
		House: (after.house - before.house) / per * 1000, Redis: (after.redis - before.redis) / per * 1000,
		Ledger: (after.ledger - before.ledger) / per * 1000, Load: (after.load - before.load) / per * 1000,
	}
	f.RedisBytes = float64(after.redisBytes-before.redisBytes) / per
	f.LedgerBytes = float64(after.ledgerBytes-before.ledgerBytes) / per
	f.Allocations = (after.mallocs - before.mallocs) / per
}

// ticks is the kernel's unit of CPU time for /proc: 100 a second on every
// Linux that Go runs on.
const ticks = 100

// cpuOf is the CPU time of a process in seconds.
func cpuOf(pid int) float64 {
	s, _ := statOf(pid)
	return s.own
}

type procStat struct {
	parent         int
	own, inherited float64 // seconds; inherited from children that have ended
}

func statOf(pid int) (s procStat, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return s, false
	}
	// The name, in brackets, may hold anything; the fields come after it.
	text := string(b)
	f := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(f) < 15 {
		return s, false
	}
	number := func(i int) float64 { v, _ := strconv.ParseFloat(f[i], 64); return v }
	s.parent = int(number(1))
	s.own, s.inherited = (number(11)+number(12))/ticks, (number(13)+number(14))/ticks
	return s, true
}

// familyCPU is the CPU time of a process, its living children and those that
// have ended.
func familyCPU(pid int) float64 {
	root, _ := statOf(pid)
	total := root.own + root.inherited
	all, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, dir := range all {
		child, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if s, ok := statOf(child); ok && s.parent == pid {
			total += s.own
		}
	}
	return total
}

// peakMB is the most memory that a process ever had resident.
func peakMB(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

func redisInfo(ctx context.Context, rdb redis.UniversalClient) map[string]float64 {
	out := map[string]float64{}
	text, err := rdb.Info(ctx).Result()
	if err != nil {
		return out
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			out[name] = v
		}
	}
	return out
}

// ledgerBytes is how much the ledger takes on disk.
func (e *env) ledgerBytes(ctx context.Context) (n int64) {
	if e.sql != nil {
		// An error leaves zero, which the table shows as such.
		_ = e.sql.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&n)
		return n
	}
	files, _ := filepath.Glob(filepath.Join(e.dir, "touchgate.db*"))
	for _, f := range files {
		if st, err := os.Stat(f); err == nil {
			n += st.Size()
		}
	}
	return n
}

// metric reads one of the house's own metrics.
func (e *env) metric(ctx context.Context, name string) float64 {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.house.URL+"/metrics", nil)
	if err != nil {
		return 0
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	for in := bufio.NewScanner(resp.Body); in.Scan(); {
		if rest, ok := strings.CutPrefix(in.Text(), name+" "); ok {
			v, _ := strconv.ParseFloat(rest, 64)
			return v
		}
	}
	return 0
}

// machine says where the figures are from.
func machine() string {
	model := runtime.GOARCH
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%d cores, %s, %s, %s", runtime.NumCPU(), model, runtime.GOOS, runtime.Version())
}
