package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"bongsu/config"
	"bongsu/monitor"
	"bongsu/monitor/agent"
	"bongsu/probes"
)

// agentToken is the environment variable that an agent's token is taken from.
const agentToken = "BONGSU_AGENT_TOKEN" //nolint:gosec // it is a name

// remoteLocation is `bongsu agent` as it was asked for.
type remoteLocation struct {
	hub, tokenFile, state, roots string
	now                          func() time.Time
	errs                         io.Writer
}

// agentCommand looks by the clock it is given.
func agentCommand(now func() time.Time) *cobra.Command {
	r := remoteLocation{now: now}
	c := &cobra.Command{
		Use:   "agent --hub URL",
		Short: "Look from another location, on behalf of a server",
		Long: `Runs a location of a server elsewhere, its hub. It needs no configuration and no
database: the hub tells it what to look at, and gets what it saw.

On the hub, write the location under ` + "`locations:`" + ` and make a token for it:

  bongsu token create --agent busan-1

On the other machine, give the token in ` + agentToken + ` or in a file that only
the agent can read. Locations are worth most when they share nothing: another
provider, another line, another city.

The agent goes on looking while the hub is away, by the last work it got, and
keeps the newest 100,000 looks for the hub's history. What comes late never
counts as fresh. It stops when the hub no longer knows its token. Both clocks
should be kept by NTP: a difference of up to 5 s is corrected, beyond that the
hub believes nothing from here.

Secrets that the checks name are taken from this agent's own environment; those
it lacks come from the hub and stay in memory.`,
		Example: `  BONGSU_AGENT_TOKEN=bongsu_… bongsu agent --hub https://status.example
  bongsu agent --hub https://status.example --token-file /run/secrets/agent --state /var/lib/bongsu`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			r.errs = c.ErrOrStderr()
			return r.run(c.Context())
		},
	}
	c.Flags().StringVar(&r.hub, "hub", "", "the address of the server's page, https://…")
	c.Flags().StringVar(&r.tokenFile, "token-file", "", "a file with the token; without it "+agentToken+" has it")
	c.Flags().StringVar(&r.state, "state", "", "a folder to keep the last work in, without secrets, for a start while the hub is away")
	c.Flags().StringVar(&r.roots, "ca", "", "a file of certificates to trust for the hub, instead of the system's")
	require(c, "hub")
	return c
}

func (r *remoteLocation) run(ctx context.Context) error {
	client, err := r.client()
	if err != nil {
		return err
	}
	var shelf *agent.Shelf
	if r.state != "" {
		if info, err := os.Stat(r.state); err != nil || !info.IsDir() {
			return fmt.Errorf("--state: %s is no folder; make it first, for the agent alone", r.state)
		}
		shelf = &agent.Shelf{Folder: r.state}
	}
	log := slog.New(slog.NewTextHandler(r.errs, nil))
	log.InfoContext(ctx, "agent", "hub", r.hub, "version", version)
	return agent.New(agent.Options{
		Client: client, ID: randomNames{}.ID(r.now()), Program: version, Shelf: shelf, Room: agent.DefaultRoom,
		Steps: func(check, source string) ([]probes.Step, error) { return config.ParseSteps(kinds(), check, source) },
		Env:   secretsOnly(os.LookupEnv), Now: r.now, Jitter: rand.Float64,
		Log: log, Metrics: monitor.NewMetrics(prometheus.NewRegistry()),
	}).Run(ctx)
}

// secretsOnly keeps the agent's own token from the checks of its hub.
func secretsOnly(env lookup) lookup {
	return func(name string) (string, bool) {
		if name == agentToken {
			return "", false
		}
		return env(name)
	}
}

func (r *remoteLocation) client() (*agent.Client, error) {
	token, err := r.token()
	if err != nil {
		return nil, err
	}
	o := agent.ClientOptions{Hub: r.hub, Token: token, UserAgent: probes.UserAgent(version, ""), Now: r.now}
	if r.roots != "" {
		pem, err := os.ReadFile(r.roots)
		if err != nil {
			return nil, fmt.Errorf("--ca: %w", err)
		}
		o.Roots = x509.NewCertPool()
		if !o.Roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--ca: %s has no certificate; write a file in PEM", r.roots)
		}
	}
	client, err := agent.NewClient(o)
	if err != nil {
		return nil, fmt.Errorf("preparing the way to the hub: %w", err)
	}
	return client, nil
}

// maxTokenFile bounds a file that is read for a token.
const maxTokenFile = 4 << 10

func (r *remoteLocation) token() (string, error) {
	if r.tokenFile == "" {
		if token := strings.TrimSpace(os.Getenv(agentToken)); token != "" {
			return token, nil
		}
		return "", errors.New("there is no token: set " + agentToken + ", or write --token-file; `bongsu token create --agent LOCATION` on the hub makes one")
	}
	f, err := os.Open(r.tokenFile)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTokenFile))
	if err != nil {
		return "", fmt.Errorf("--token-file: reading %s: %w", r.tokenFile, err)
	}
	return strings.TrimSpace(string(text)), nil
}
