package nemesis

import "context"

// redisServers is the Redis of a run on servers: a pair or a Cluster.
type redisServers interface {
	// config returns the section "redis" of a partition's configurations.
	config(s *system) (map[string]any, error)
	// faults lists the faults that it can have.
	faults() []fault
	// heal starts what is down.
	heal(ctx context.Context) error
	close()
}
