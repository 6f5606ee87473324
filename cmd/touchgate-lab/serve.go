package main

import (
	"context"

	"github.com/spf13/cobra"

	"touchgate.dev/app"
	"touchgate.dev/internal/lab/nemesis"
)

// serveCommand runs a Touchgate as `touchgate serve` does, but by a clock that can
// be set wrong. The nemesis starts its processes with this command.
func serveCommand(environ []string) *cobra.Command {
	var config, clock string
	cmd := &cobra.Command{
		Use:    "serve",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			app.TuneMemory(environ)
			cfg, err := app.LoadConfig(config, environ, app.Adapters(nil, nil))
			if err != nil {
				return err
			}
			var o app.Options
			if clock != "" {
				if o.Wall, err = nemesis.OffsetClock(clock); err != nil {
					return err
				}
			}
			a, err := app.Build(cmd.Context(), cfg, o)
			if err != nil {
				return err
			}
			return runAndClose(cmd.Context(), a)
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "the configuration `FILE`")
	cmd.Flags().StringVar(&clock, "clock", "",
		"a `FILE` with the clock's offset from the machine's, in nanoseconds, in eight bytes")
	return cmd
}

func runAndClose(ctx context.Context, a *app.App) error {
	err := a.Run(ctx)
	if closing := a.Close(); err == nil {
		err = closing
	}
	return err
}
