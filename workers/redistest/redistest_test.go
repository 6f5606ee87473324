package redistest

import (
	"fmt"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestAServerIsTheTestsOwnAndEndsWithIt(t *testing.T) {
	var addr string
	t.Run("inner", func(t *testing.T) {
		addr = Start(t)
		client := redis.NewClient(&redis.Options{Addr: addr})
		defer client.Close()
		if n, err := client.DBSize(t.Context()).Result(); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if other := Start(t); other == addr {
			t.Fatal("two servers at one address")
		}
	})
	if addr == "" {
		t.Skip("redis-server is missing")
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Fatal("the server outlives its test")
	}
}

func TestAClusterServesEverySlot(t *testing.T) {
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: StartCluster(t)})
	defer client.Close()
	for i := range 64 {
		if err := client.Set(t.Context(), fmt.Sprint("k", i), i, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
}
