package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/journey"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
)

func TestExp(t *testing.T) {
	ctx := context.Background()
	var sets []string
	for s := range strings.SplitSeq(os.Getenv("SETS"), "|") {
		sets = append(sets, s)
	}
	type one struct {
		*ours
		close func()
		cpu   []float64
		wall  []float64
	}
	var all []*one
	for _, s := range sets {
		o, closing, err := options("/usr/bin/chromium-headless-shell")
		if err != nil {
			t.Fatal(err)
		}
		o.Launch = func(ctx context.Context, spki string) (journey.Browser, error) {
			return browser.Launcher(browser.Options{Path: "/usr/bin/chromium-headless-shell", Flags: strings.Fields(s)})(ctx, spki)
		}
		_ = suite.Options{}
		u, err := newOurs(ctx, o)
		if err != nil {
			t.Error(s, err)
			continue
		}
		all = append(all, &one{ours: u, close: closing})
	}
	for range 6 {
		for _, u := range all {
			_, c0 := u.ours.cpu()
			t0 := time.Now()
			u.round(ctx, 2, 8)
			_, c1 := u.ours.cpu()
			u.cpu = append(u.cpu, float64((c1-c0).Milliseconds())/8)
			u.wall = append(u.wall, 8/time.Since(t0).Seconds())
		}
	}
	for i, u := range all {
		fmt.Printf("%-70s cpu %.0f  speed %.2f\n", sets[i], median(u.cpu), median(u.wall))
		u.ours.close()
		u.close()
	}
}
