package contactlog

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"touchgate.dev/internal/testserver/servertest"
	"touchgate.dev/touch"
)

// TestLogSize keeps a customer's log under 200 bytes and 40 for each contact
// with all attributes, as Redis counts them. (Allocators have sizes in steps,
// so some numbers of contacts cost a little more: 19, 22 and 26 to 28 here.)
func TestLogSize(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: servertest.Redis(t)})
	defer client.Close()
	log := NewRedis(client, Options{})
	for size := range 31 {
		customer := fmt.Sprintf("c%07d", size)
		entries := make([]Entry, size)
		for k := range entries {
			entries[k] = Entry{
				ID: id(fmt.Sprint(k)), At: day.Add(-time.Duration(k) * time.Hour), Kind: Delivered, Channel: touch.SMS, Category: touch.Collection,
				Subject: Hash(fmt.Sprint("debt", k)), Campaign: Hash(fmt.Sprint("campaign", k)), Address: Hash(customer), Caller: Hash("engine"), Template: Hash(fmt.Sprint("t", k)),
			}
		}
		load := func(context.Context, []string) (map[string][]Entry, error) {
			return map[string][]Entry{customer: entries}, nil
		}
		if err := log.Rehydrate(t.Context(), []string{customer}, month, load); err != nil {
			t.Fatal(err)
		}
		bytes, err := client.StrLen(t.Context(), log.keyOf(customer)).Result()
		if err != nil || bytes > int64(headSize+40*size) {
			t.Errorf("%d contacts are %d bytes long, %v", size, bytes, err)
		}
		used, err := client.MemoryUsage(t.Context(), log.keyOf(customer)).Result()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d contacts take %d bytes, at %d a contact and 200: %d", size, used, 40, 200+40*size)
		if slices.Contains([]int{0, 1, 3, 10, 20, 30}, size) && used > int64(200+40*size) {
			t.Errorf("%d contacts take %d bytes", size, used)
		}
	}
}
