package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"touchgate.dev/app"
	"touchgate.dev/examples"
	"touchgate.dev/internal/netguard"
	"touchgate.dev/internal/simulator"
	"touchgate.dev/touch"
)

// devKey is the API key of a development server, with every scope.
const devKey = "dev-key"

type serveFlags struct {
	config, role, listen, data, vendors string
	dev                                 bool
}

func serveCommand(environ []string) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway, the workers, the feeder, or all in one process",
		Long: `serve runs the parts that the role names until SIGINT or SIGTERM. Then it accepts
no more touches (readiness and intake answer 503), waits for what is in delivery,
and closes its stores. A second signal stops at once; nothing is lost by that.

With --dev everything is embedded: a SQLite ledger, a Redis inside the process,
simulated vendors on loopback, sample policies and templates, and the API key
dev-key with every scope. It listens on loopback only.`,
		Example: `  touchgate serve --dev
  touchgate serve --dev --listen 127.0.0.1:9000 --data ./data
  touchgate serve --config /etc/touchgate/touchgate.yaml
  touchgate serve --config /etc/touchgate/touchgate.yaml --role worker`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			app.TuneMemory(environ)
			if f.dev {
				return serveDev(cmd, f, environ)
			}
			// Flags override the configuration, as variables do.
			for name, value := range map[string]string{"ROLE": f.role, "LISTEN": f.listen, "DATA": f.data} {
				if value != "" {
					environ = withEnv(environ, app.EnvPrefix+name, value)
				}
			}
			cfg, err := app.LoadConfig(f.config, environ, app.Adapters(nil, nil))
			if err != nil {
				return err
			}
			a, err := app.Build(cmd.Context(), cfg, app.Options{})
			if err != nil {
				return err
			}
			a.Logger().LogAttrs(cmd.Context(), slog.LevelInfo, "started", slog.String("component", "app"),
				slog.Any("role", cfg.Role), slog.String("listen", a.Address()), slog.String("version", buildVersion()))
			return runAndClose(cmd.Context(), a)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "the configuration `FILE`")
	flags.StringVar(&f.role, "role", "", "all, gateway, worker or feeder (default: as configured)")
	flags.StringVar(&f.listen, "listen", "", "the `ADDRESS` of the HTTP API (default: as configured, 127.0.0.1:8080)")
	flags.StringVar(&f.data, "data", "", "the `FOLDER` of embedded stores (default: as configured; with --dev a temporary one)")
	flags.StringVar(&f.vendors, "vendors", "127.0.0.1:0", "with --dev, the `ADDRESS` of the simulated vendors (default: any free port)")
	flags.BoolVar(&f.dev, "dev", false, "everything embedded, vendors simulated, the key "+devKey)
	cmd.MarkFlagsMutuallyExclusive("dev", "config")
	cmd.MarkFlagsMutuallyExclusive("dev", "role")
	return cmd
}

func withEnv(environ []string, name, value string) []string {
	return append(append([]string{}, environ...), name+"="+value)
}

func runAndClose(ctx context.Context, a *app.App) error {
	err := a.Run(ctx)
	if closing := a.Close(); err == nil {
		err = closing
	}
	return err
}

// serveDev runs a development server.
func serveDev(cmd *cobra.Command, f serveFlags, environ []string) error {
	if f.listen == "" {
		f.listen = app.DefaultConfig().Listen
	}
	for flag, address := range map[string]string{"listen": f.listen, "vendors": f.vendors} {
		if err := loopbackOnly(flag, address); err != nil {
			return err
		}
	}
	if f.data == "" {
		dir, err := os.MkdirTemp("", "touchgate-dev-")
		if err != nil {
			return touch.Errorf(touch.Unavailable, "data", "cannot make a temporary folder: %w", err)
		}
		defer os.RemoveAll(dir)
		f.data = dir
	}
	if err := os.MkdirAll(f.data, 0o700); err != nil {
		return touch.Errorf(touch.Unavailable, "data", "cannot make the folder: %w", err)
	}
	vendors, err := startSimulatedVendors(f.vendors, simulator.Options{})
	if err != nil {
		return err
	}
	defer vendors.Close()
	cfg, err := app.LoadConfig("", withEnv(withEnv(environ, "TOUCHGATE_LISTEN", f.listen), "TOUCHGATE_DATA", f.data), app.Adapters(nil, nil))
	if err != nil {
		return err
	}
	if cfg.Providers, err = readProviders(vendors.config); err != nil {
		return err
	}
	if cfg.AppSecret, err = app.LoadOrCreateSecret(filepath.Join(f.data, "app-secret")); err != nil {
		return err
	}
	cfg.Webhooks.Allow = append(cfg.Webhooks.Allow, netguard.Loopback()...)
	a, err := app.Build(cmd.Context(), cfg, app.Options{DevKey: devKey, WrapOwn: vendors.Record, Policies: examples.Policies()})
	if err != nil {
		return err
	}
	vendors.SetReceiptURL(a.URL() + "/v1/receipts")
	if err := a.PutTemplates(cmd.Context(), examples.Templates()); err != nil {
		a.Close()
		return err
	}
	printBanner(cmd.OutOrStdout(), a.URL(), vendors.URL(""))
	return runAndClose(cmd.Context(), a)
}

func printBanner(w io.Writer, url, vendors string) {
	fmt.Fprintf(w, `touchgate serves %[1]s for development; the key is %[2]s
the simulated vendors' truth is at %[3]struth, their behaviour at %[3]scontrol
read the API at %[1]s/docs, or send a touch:

  curl -s %[1]s/v1/touches -H 'Authorization: Bearer %[2]s' -d '{
    "key": "hello-1", "customer": "c1", "category": "service",
    "plan": [{"channel": "inbox", "template": "loan-offer", "params": {"amount": "5000"}}]}'

`, url, devKey, vendors)
}

// loopbackOnly returns an error if an address can be reached over the network:
// everybody knows the key of a development server.
func loopbackOnly(flag, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return usageError("--%s %s: write host:port", flag, address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return usageError("--%s %s: %q is not a port", flag, address, port)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usageError("--dev has a well-known key, so --%s must be on loopback, not on %q", flag, host)
	}
	return nil
}
