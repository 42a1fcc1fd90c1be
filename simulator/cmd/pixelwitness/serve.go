package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/geo"
)

// serving holds the flags of serve.
type serving struct {
	listen, store, tokenEnv, tokenFile string
	geography                          string
	proxies                            []string
}

func serveCommand(io streams) *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the reference collector on its own",
		Long: `Run the reference collector on its own: it takes the pixel's hits, refuses bad ones
with a reason, keeps all in an SQLite file or a PostgreSQL database, and gives them
back as JSON under /_/hits, profiles of customers under /api/antsomi/ (described at
/api/openapi.yaml) and as pages at /antsomi/, reports of sessions and the settings of
websites and apps under /api/piwikpro/ and as pages at /piwikpro/. PUT /_/clock sets its
clock and DELETE /_/all forgets everything, for tests.

Country and city of a session come from the visitor's address, by the database that
--geo names; without one, by a small example that knows nothing but the ranges for
documentation (192.0.2.0/24 and the like). Behind a proxy, --trusted-proxy says which
senders may name the visitor's address in X-Forwarded-For; from anybody else the header
is ignored.

Only this machine may read back. With a token whoever reads needs it, from anywhere
and on this machine too: as Authorization: Bearer TOKEN, or as the password of whatever
user. Behind a proxy a token is a must. Ctrl-C ends it.`,
		Example: `  pixelwitness serve --listen 127.0.0.1:8080 --store hits.db
  pixelwitness serve --store 'postgres://collector@db.example/hits'   # password: PGPASSWORD or ~/.pgpass
  COLLECTOR_TOKEN=… pixelwitness serve --listen :8080 --token-env COLLECTOR_TOKEN
  pixelwitness serve --geo GeoLite2-City.mmdb --trusted-proxy 10.0.0.0/8 --trusted-proxy 2001:db8::/32 --token-env COLLECTOR_TOKEN`,
		Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return s.run(c, io) },
	}
	c.Flags().StringVar(&s.listen, "listen", "127.0.0.1:8080", "the `address` to listen at; port 0 takes a free one")
	c.Flags().StringVar(&s.store, "store", "", "the SQLite `file` that keeps the hits, or the address of a PostgreSQL database, postgres://… (default: in memory)")
	c.Flags().StringVar(&s.tokenEnv, "token-env", "", "the `name` of the environment variable that holds the token for reading back")
	c.Flags().StringVar(&s.tokenFile, "token-file", "", "the `file` that holds the token")
	c.Flags().StringVar(&s.geography, "geo", "", "the `file` that knows country and city of addresses, such as GeoLite2-City.mmdb (default: an example of the ranges for documentation)")
	c.Flags().StringArrayVar(&s.proxies, "trusted-proxy", nil, "an `address` or range (CIDR) of proxies whose X-Forwarded-For is believed; repeatable (default: nobody's)")
	return c
}

func (s serving) run(c *cobra.Command, io streams) error {
	token, err := s.token()
	if err != nil {
		return err
	}
	if scheme, _, isAddress := strings.Cut(s.store, "://"); isAddress && scheme != "postgres" && scheme != "postgresql" {
		return usage("--store: there is no store of the kind %s\nhint: a file, or postgres://…", scheme)
	}
	places, err := s.places()
	if err != nil {
		return err
	}
	trusted, err := s.trusted()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return usage("--listen %s: %w", s.listen, err)
	}
	log := slog.New(slog.NewTextHandler(io.err, nil))
	server, err := collector.New(collector.Options{
		Store: s.store, Token: token, SettableClock: true, Logger: log, Geo: places, TrustedProxies: trusted,
	})
	if err != nil {
		_ = listener.Close()
		return usage("--store: %w", err) // it names the store, without a password
	}
	defer server.Close()
	log.Info("places of addresses", "database", places.About().String(), "given", s.geography != "")
	if _, err := fmt.Fprint(io.out, said(listener.Addr(), token != "")); err != nil {
		_ = listener.Close()
		return err
	}
	return server.Serve(c.Context(), listener)
}

// places opens the database of places, or builds the example.
func (s serving) places() (*geo.DB, error) {
	if s.geography == "" {
		return geo.Example()
	}
	places, err := geo.Open(s.geography)
	if err != nil {
		return nil, usage("--geo: %w", err)
	}
	return places, nil
}

// trusted reads the ranges of trusted proxies; an address alone is a range of one.
func (s serving) trusted() ([]netip.Prefix, error) {
	var ranges []netip.Prefix
	for _, text := range s.proxies {
		one, err := netip.ParsePrefix(text)
		if address, alone := netip.ParseAddr(text); alone == nil && address.Zone() == "" {
			one, err = address.Prefix(address.BitLen())
		}
		if err != nil {
			return nil, usage("--trusted-proxy %q: no address and no range\nhint: such as 10.0.0.0/8 or 2001:db8::1", text)
		}
		if one != one.Masked() {
			return nil, usage("--trusted-proxy %s: the address has bits beyond the range\nhint: %s is the range that it lies in", text, one.Masked())
		}
		if one.Bits() == 0 {
			return nil, usage("--trusted-proxy %s: that is everybody, so that every visitor could name an address of his own\nhint: name the proxies' own range", text)
		}
		ranges = append(ranges, one)
	}
	return ranges, nil
}

// token reads the token; it is empty when none is asked for.
func (s serving) token() (string, error) {
	if s.tokenEnv != "" && s.tokenFile != "" {
		return "", usage("--token-env and --token-file both say where the token is\nhint: give one of them")
	}
	var token, from string
	switch {
	case s.tokenEnv != "":
		token, from = os.Getenv(s.tokenEnv), "--token-env "+s.tokenEnv
	case s.tokenFile != "":
		text, err := os.ReadFile(s.tokenFile)
		if err != nil {
			return "", usage("--token-file %s: %w", s.tokenFile, err)
		}
		token, from = string(text), "--token-file "+s.tokenFile
	default:
		return "", nil
	}
	token = strings.TrimSpace(token)
	if token == "" {
		return "", usage("%s: there is no token in it\nhint: write a long random one there, or leave the flag out", from)
	}
	return token, nil
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
