package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
)

func healthcheckCommand() *cobra.Command {
	var address string
	c := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the local server whether it is ready (for containers)",
		Long: `Asks /readyz of the server on this machine and exits 0 when it is ready, 1 when
it is not or does not answer within two seconds.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return askReady(c.Context(), address) },
	}
	c.Flags().StringVar(&address, "listen", listenDefault(), "where the server listens, as `address`, like listen: of the configuration")
	return c
}

// listenDefault is where serve listens unless told otherwise. A container whose
// configuration says something else names it in BONGSU_LISTEN, so that the
// image's health check asks there.
func listenDefault() string {
	if address := os.Getenv("BONGSU_LISTEN"); address != "" {
		return address
	}
	return ":8080"
}

func askReady(ctx context.Context, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("reading --listen: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("asking /readyz: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking /readyz: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: /readyz answered %s", answer.Status)
	}
	return nil
}
