package main

import (
	"fmt"

	"github.com/spf13/cobra"
	yaml "go.yaml.in/yaml/v3"

	"touchgate.dev/app"
)

// configCommand checks or prints a configuration, without starting anything.
func configCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check a configuration before it is used",
	}
	var path string
	check := &cobra.Command{
		Use:   "check",
		Short: "Load a configuration as serve would, and report every fault",
		Example: `  touchgate config check --config /etc/touchgate/touchgate.yaml
  TOUCHGATE_REDIS_MODE=cluster touchgate config check --config touchgate.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := app.LoadConfig(path, environ, app.Adapters(nil, nil))
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "ok: role %s, ledger %s, redis %s, %d providers\n",
				cfg.Role, cfg.Ledger.Driver, cfg.Redis.Mode, len(cfg.Providers))
			return nil
		},
	}
	show := &cobra.Command{
		Use:   "show",
		Short: "Print the configuration that results of defaults, file and environment; secrets are hidden",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := app.LoadConfig(path, environ, app.Adapters(nil, nil))
			if err != nil {
				return err
			}
			for i := range cfg.Providers {
				hideValues(&cfg.Providers[i].Config)
			}
			return yaml.NewEncoder(cmd.OutOrStdout()).Encode(cfg)
		},
	}
	cmd.PersistentFlags().StringVar(&path, "config", "",
		"the configuration `FILE`; without it the defaults and the environment")
	cmd.AddCommand(check, show)
	return cmd
}

// hideValues replaces every value in a provider's own settings. Only the adapter
// knows which of them are secrets, so none is shown.
func hideValues(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		n.SetString("(hidden)")
		return
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue // a mapping's children are key, value, key, value
		}
		hideValues(child)
	}
}
