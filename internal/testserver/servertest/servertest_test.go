package servertest

import (
	"fmt"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestRedisEndsWithItsTest(t *testing.T) {
	var address string
	t.Run("inner", func(t *testing.T) {
		address = Redis(t)
		client := redis.NewClient(&redis.Options{Addr: address})
		defer client.Close()
		if n, err := client.DBSize(t.Context()).Result(); n != 0 || err != nil {
			t.Fatalf("a new server has %d keys (%v), want 0", n, err)
		}
		if other := Redis(t); other == address {
			t.Fatal("two servers have the same address")
		}
	})
	if address == "" {
		t.Skip("redis-server is missing")
	}
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Fatal("the server still runs after its test")
	}
}

func TestClusterServesEverySlot(t *testing.T) {
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: RedisCluster(t)})
	defer client.Close()
	for i := range 64 {
		if err := client.Set(t.Context(), fmt.Sprint("k", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
}
