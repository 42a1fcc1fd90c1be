package main

import (
	"fmt"
	"log/slog"
	"net"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

func serveCommand(io streams) *cobra.Command {
	var listen, store string
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the reference collector on its own",
		Long: `Run the reference collector on its own: it takes the pixel's hits, refuses bad ones
with a reason, keeps all in an SQLite file and gives them back as JSON under
/_/hits. Ctrl-C ends it.`,
		Example: "  pixelwitness serve --listen 127.0.0.1:8080 --store hits.db",
		Args:    none,
		RunE: func(c *cobra.Command, _ []string) error {
			listener, err := net.Listen("tcp", listen)
			if err != nil {
				return usage("--listen %s: %w", listen, err)
			}
			logger := slog.New(slog.NewTextHandler(io.err, nil))
			server, err := collector.New(collector.Options{Store: store, Logger: logger})
			if err != nil {
				_ = listener.Close()
				return usage("--store %s: %w", store, err)
			}
			defer server.Close()
			fmt.Fprintf(io.out, "collecting at http://%s, hits at http://%[1]s/_/hits\n", listener.Addr())
			return server.Serve(c.Context(), listener)
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "the `address` to listen at; port 0 takes a free one")
	c.Flags().StringVar(&store, "store", "", "the SQLite `file` that keeps the hits (default: in memory)")
	return c
}

func versionCommand(io streams) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: none,
		RunE: func(*cobra.Command, []string) error {
			t := tool()
			_, err := fmt.Fprintf(io.out, "%s %s (%s %s/%s)\n", t.Name, t.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
