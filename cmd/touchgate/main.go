// SPDX-License-Identifier: Apache-2.0

// Command touchgate runs the gateway through which a bank contacts its
// customers, its workers, a demo, and the operator's tools. Each command is one
// file. Package app builds and runs the parts of a process.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	exitFailed = 1 // it ran, and failed or found a fault
	exitUsage  = 2 // the command line or the configuration is wrong
	exitForced = 130
)

func main() {
	app.PrivateFiles()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, os.Environ()))
}

// run is main without the process around it.
func run(args []string, stdout, stderr io.Writer, environ []string) int {
	stderr = &lockedWriter{w: stderr}
	ctx, stop := interruptible(context.Background(), stderr)
	defer stop()
	cmd := rootCommand(environ)
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var status *exitError
	if errors.As(err, &status) {
		if status.message != "" {
			fmt.Fprintln(stderr, "touchgate:", commandline.PlainLines(status.message))
		}
		return status.code
	}
	fmt.Fprintln(stderr, "touchgate:", commandline.PlainLines(err.Error()))
	var cfg *app.ConfigError
	var usage *app.UsageError
	if errors.As(err, &cfg) || errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

// exitError ends the process with its own status. An empty message means that
// the command has printed everything.
type exitError struct {
	code    int
	message string
}

func (e *exitError) Error() string { return e.message }

func usageError(format string, args ...any) error { return app.UsageErrorf(format, args...) }

// rootCommand is the tree of commands.
func rootCommand(environ []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "touchgate",
		Short: "Touchgate decides who may be contacted, when and how, sends it, and can prove it",
		Long: `Touchgate is an outreach gateway for banks. Strategy engines hand it touches;
it decides who may be contacted, when and by which channel; it sends through
vendors that fail; and it can prove afterwards that it lost nothing, pestered
nobody and broke no rule.

Begin with:  touchgate demo
Then:        touchgate serve --dev`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError("%v\nSee: %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(
		demoCommand(environ),
		serveCommand(environ),
		sendCommand(environ),
		policyCommand(environ),
		auditCommand(environ),
		ledgerCommand(environ),
		redriveCommand(environ),
		keyCommand(environ),
		configCommand(environ),
		versionCommand(),
	)
	commandline.StrictArgs(root)
	return root
}

// interruptible returns a context that ends at the first SIGINT or SIGTERM; the
// second one ends the process. Call the function at the end.
func interruptible(parent context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case <-signals:
			fmt.Fprintln(stderr, "touchgate: stopping; once more stops at once")
			cancel()
		case <-done:
			return
		}
		select {
		case <-signals:
			os.Exit(exitForced)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
