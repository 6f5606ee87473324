package bench

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// usage is what each part has used up to an instant.
type usage struct {
	at                          time.Time
	target, redis, ledger, load float64 // CPU seconds
	redisBytes                  int64
	ledgerBytes                 int64
	mallocs                     float64 // of the target
}

// readUsage reads what each part has used. What cannot be read, because there is
// no /proc, stays zero.
func (e *env) readUsage(ctx context.Context) usage {
	u := usage{at: time.Now(), load: cpuOf(os.Getpid())}
	if e.target != nil {
		u.target = cpuOf(e.target.PID)
		u.mallocs = metric(ctx, e.target.URL, "go_memstats_mallocs_total")
	}
	if e.rdb != nil {
		info := redisInfo(ctx, e.rdb)
		u.redis = info["used_cpu_user"] + info["used_cpu_sys"]
		u.redisBytes = int64(info["used_memory"])
	}
	if e.postgres != nil {
		u.ledger = treeCPU(e.postgres.PID())
	}
	u.ledgerBytes = e.ledgerBytes(ctx)
	return u
}

// setCost sets what each of n touches cost between two readings.
func (f *Figures) setCost(before, after usage, n int) {
	per := float64(max(n, 1))
	f.CPU = CPU{
		Target: (after.target - before.target) / per * 1000,
		Redis:  (after.redis - before.redis) / per * 1000,
		Ledger: (after.ledger - before.ledger) / per * 1000,
		Load:   (after.load - before.load) / per * 1000,
	}
	f.RedisBytes = float64(after.redisBytes-before.redisBytes) / per
	f.LedgerBytes = float64(after.ledgerBytes-before.ledgerBytes) / per
	f.Allocations = (after.mallocs - before.mallocs) / per
}

// redisInfo returns the numbers in the answer to INFO.
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

// ledgerBytes returns how much the ledger takes on disk.
func (e *env) ledgerBytes(ctx context.Context) (n int64) {
	if e.pg != nil {
		// An error leaves zero, which the table shows.
		_ = e.pg.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&n)
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

// metric reads one of the metrics of the target at url; 0 if there is none.
func metric(ctx context.Context, url, name string) float64 {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", nil)
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
