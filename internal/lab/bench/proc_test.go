package bench

import (
	"os"
	"runtime"
	"testing"
	"time"
)

func TestUsageOfThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("this system has no /proc: CPU and memory are not measured on it")
	}
	before := cpuOf(os.Getpid())
	start := time.Now()
	spent := 0.0
	for spent < 0.03 && time.Since(start) < 10*time.Second {
		spent = cpuOf(os.Getpid()) - before
	}
	most := time.Since(start).Seconds()*float64(runtime.NumCPU()) + 0.1
	if spent < 0.03 || spent > most {
		t.Errorf("a busy process has used %v CPU seconds in %v", spent, time.Since(start))
	}
	if mb := peakMB(os.Getpid()); mb < 1 || mb > 10_000 {
		t.Errorf("the peak memory of this process is %v MB", mb)
	}
}
