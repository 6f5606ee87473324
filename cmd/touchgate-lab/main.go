// SPDX-License-Identifier: Apache-2.0

// Command touchgate-lab measures Touchgate and breaks it: the benchmarks and the
// nemesis. It starts servers and processes of its own, and kills them. It is for
// a developer's machine and for CI; never install it in production. The gateway
// itself is the command touchgate.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"touchgate.dev/app"
	"touchgate.dev/internal/commandline"
)

// Exit statuses. A script may rely on them.
const (
	exitOK     = 0
	exitFailed = 1 // it ran, and the result is not good
	exitUsage  = 2 // the command line or the configuration is wrong
)

func main() { os.Exit(run(os.Args[1:], os.Environ())) }

func run(args, environ []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	cmd := rootCommand(environ)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(os.Stderr, "touchgate-lab:", err)
	var usage *app.UsageError
	var config *app.ConfigError
	if errors.As(err, &usage) || errors.As(err, &config) {
		return exitUsage
	}
	return exitFailed
}

func usageError(format string, args ...any) error {
	return app.UsageErrorf(format, args...)
}

// rootCommand returns the tree of commands.
func rootCommand(environ []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "touchgate-lab",
		Short: "Measure Touchgate, and break it",
		Long: `touchgate-lab is for trials, not for production. bench measures how fast
Touchgate is on this machine; nemesis breaks it under load and counts what was
lost. Both start servers of their own on loopback and leave nothing behind.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError("%v\nSee: %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(benchCommand(environ), nemesisCommand(), serveCommand(environ))
	commandline.StrictArgs(root)
	return root
}
