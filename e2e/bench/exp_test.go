package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
)

func TestExp(t *testing.T) {
	ctx := context.Background()
	o, closing, err := options("/usr/bin/chromium-headless-shell")
	if err != nil {
		t.Fatal(err)
	}
	defer closing()
	plans, _ := suite.Plan(o)
	stage, _ := suite.Stage(plans[0], o)
	gw, _ := gateway.New(gateway.Options{})
	defer gw.Close()
	bb, err := browser.Launcher(browser.Options{Path: "/usr/bin/chromium-headless-shell", Flags: strings.Fields(os.Getenv("FLAGS"))})(ctx, gw.SPKI())
	if err != nil {
		t.Fatal(err)
	}
	defer bb.Close()
	b := bb.(*browser.Browser)
	measure := func(name string, f func(i int)) {
		const n = 12
		f(0)
		c0, h0, t0 := cpuOfTree(b.Pid()), cpuOf(os.Getpid()), time.Now()
		for i := range n {
			f(i)
		}
		fmt.Printf("%-28s browser %v harness %v wall %v\n", name, (cpuOfTree(b.Pid())-c0)/n, (cpuOf(os.Getpid())-h0)/n, time.Since(t0)/n)
	}
	visit := func(steps int) func(int) {
		return func(i int) {
			w, _ := gw.Visitor(stage)
			defer w.Close()
			v, err := b.Visitor(ctx, w.Address())
			if err != nil {
				t.Fatal(err)
			}
			w.Begin("x")
			v.Begin("x", time.Now())
			tok := 0
			settle := func() {
				tok++
				k := fmt.Sprint("t", tok)
				if _, err := v.Settle(ctx, w.FencePath(k), time.Minute); err != nil {
					t.Fatal(err)
				}
				w.AwaitFence(ctx, k)
				w.AwaitQuiet(ctx)
			}
			if steps > 0 {
				v.Open(ctx, "https://www.shop.test"+w.BlankPath())
			}
			if steps > 1 {
				settle()
			}
			if steps > 2 {
				v.Open(ctx, "https://www.shop.test/")
				settle()
			}
			if steps > 3 {
				v.Open(ctx, "https://www.shop.test/products")
				settle()
			}
			if steps > 4 {
				v.Click(ctx, "#opt-out")
				settle()
			}
			if steps > 5 {
				v.Cookies(ctx)
			}
			<-v.Dispose()
		}
	}
	for i, n := range []string{"context+tab", "+blank", "+settle", "+home", "+products", "+click", "+cookies"} {
		measure(n, visit(i))
	}
}
