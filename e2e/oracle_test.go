package e2e_test

import (
	"bytes"
	"context"
	bytesOf "encoding/binary"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
)

// The oracle: a journey moves through days by a page clock that is offset and a jar
// that is aged, in a browser whose own clock stands still. A browser whose wall clock
// is moved, as a whole, must leave the same trace.

// lives are the lifetimes that are asked for; Chrome itself caps at 400 days.
var lives = []time.Duration{
	30 * time.Minute, 24 * time.Hour, 180 * 24 * time.Hour, 399 * 24 * time.Hour, 400 * 24 * time.Hour, 5 * 365 * 24 * time.Hour,
}

// moments are when the visitor comes back, counted from the beginning: shortly before
// and after each end.
func moments() []time.Duration {
	var list []time.Duration
	for _, life := range lives[:5] {
		list = append(list, life-5*time.Minute, life+5*time.Minute)
	}
	return append(list, 450*24*time.Hour)
}

// oracleStage is a page that writes cookies of every life in every way, and one that
// tells which are there, and writes one more on the clock of that day.
func oracleStage() gateway.Stage {
	var write strings.Builder
	for _, life := range lives {
		seconds := int(life.Seconds())
		fmt.Fprintf(&write, "document.cookie = 'page-age-%[1]d=1; Max-Age=%[1]d; Path=/; SameSite=Lax';\n", seconds)
		fmt.Fprintf(&write, "document.cookie = 'page-date-%[1]d=1; Expires=' + new Date(Date.now() + %[1]d000).toUTCString() + '; Path=/; Secure';\n", seconds)
		fmt.Fprintf(&write, "await cookieStore.set({ name: 'store-%[1]d', value: '1', expires: Date.now() + %[1]d000 });\n", seconds)
	}
	write.WriteString("document.cookie = 'session=1'; fetch('/done/write');")
	const see = `
		const day = 'again-' + new URL(location).searchParams.get('moment');
		document.cookie = day + '=1; Expires=' + new Date(Date.now() + 86400000).toUTCString();
		const told = { cookies: document.cookie.split('; ').sort() };
		fetch('/told', { method: 'POST', body: JSON.stringify(told) });`
	return gateway.Stage{"www.shop.test": host(map[string]http.HandlerFunc{
		"/write": func(w http.ResponseWriter, r *http.Request) {
			for _, life := range lives {
				seconds := int(life.Seconds())
				w.Header().Add("Set-Cookie", fmt.Sprintf("answer-age-%d=1; Max-Age=%d; Path=/; HttpOnly; Secure; SameSite=Strict", seconds, seconds))
				w.Header().Add("Set-Cookie", fmt.Sprintf("answer-date-%d=1; Expires=%s; Path=/; HttpOnly", seconds, gateway.Now(r.Context()).Add(life).UTC().Format(http.TimeFormat)))
			}
			w.Header().Add("Set-Cookie", "answer-session=1; HttpOnly")
			html(write.String(), "")(w, r)
		},
		"/see": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Set-Cookie", fmt.Sprintf("answer-again-%s=1; Path=/; HttpOnly; Expires=%s",
				r.URL.Query().Get("moment"), gateway.Now(r.Context()).Add(24*time.Hour).UTC().Format(http.TimeFormat)))
			html(see, "")(w, r)
		},
	})}
}

// trace walks through the moments, each reached by pass, and says at each which
// cookies the browser sent and which the page saw.
func trace(ctx g.SpecContext, s *stroll, pass func(span time.Duration)) []string {
	g.GinkgoHelper()
	s.open(ctx, "write", "https://www.shop.test/write", "/done/write")
	var lines []string
	before := time.Duration(0)
	for i, moment := range moments() {
		pass(moment - before)
		before = moment
		step := fmt.Sprintf("moment-%d", i)
		s.open(ctx, step, fmt.Sprintf("https://www.shop.test/see?moment=%d", i), "/told")
		lines = append(lines, fmt.Sprintf("after %v: sent %s", moment, strings.Join(sent(s.wire.Requests(), step), " ")))
		told := s.bodies("/told")
		lines = append(lines, fmt.Sprintf("after %v: seen %s", moment, told[len(told)-1]))
	}
	return lines
}

// sent lists the cookies that the step's page was asked for with.
func sent(requests []evidence.Request, step string) []string {
	var names []string
	for _, r := range requests {
		if r.Step != step || pathOf(&r) != "/see" {
			continue
		}
		for _, h := range r.Header {
			if strings.EqualFold(h.Name, "Cookie") {
				names = append(names, strings.Split(h.Value, "; ")...)
			}
		}
	}
	slices.Sort(names)
	return names
}

// wallClock is a browser's own clock, to be moved from outside.
type wallClock struct{ path string }

func (c wallClock) set(ahead time.Duration) {
	g.GinkgoHelper()
	file, err := os.OpenFile(c.path, os.O_WRONLY, 0)
	Expect(err).NotTo(HaveOccurred())
	var text bytes.Buffer
	Expect(bytesOf.Write(&text, bytesOf.NativeEndian, int64(ahead.Seconds()))).To(Succeed())
	_, err = file.WriteAt(text.Bytes(), 0) // in place: the browser has it mapped
	Expect(err).NotTo(HaveOccurred())
	Expect(file.Close()).To(Succeed())
}

// withWallClock makes an executable that starts the browser with a clock of its own.
func withWallClock(ctx context.Context, kind browser.Kind) (string, wallClock) {
	g.GinkgoHelper()
	compiler, err := exec.LookPath("cc")
	if runtime.GOOS != "linux" || err != nil {
		g.Skip("the oracle needs Linux and a C compiler (cc): the way of time that journeys use is not compared with a moved wall clock here")
	}
	path, err := browser.Find("", kind)
	if err != nil {
		g.Skip(err.Error())
	}
	folder := g.GinkgoT().TempDir()
	library := filepath.Join(folder, "wallclock.so")
	out, err := exec.CommandContext(ctx, compiler, "-shared", "-fPIC", "-O2", "-Wall", "-o", library, "testdata/wallclock.c", "-ldl").CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(out))
	clock := wallClock{filepath.Join(folder, "ahead")}
	Expect(os.WriteFile(clock.path, make([]byte, 8), 0o600)).To(Succeed())
	wrapper := filepath.Join(folder, map[browser.Kind]string{browser.Shell: "chromium-headless-shell", browser.Full: "chromium"}[kind])
	start := fmt.Sprintf("#!/bin/sh\nWALLCLOCK='%s' LD_PRELOAD='%s' exec '%s' \"$@\"\n", clock.path, library, path)
	Expect(os.WriteFile(wrapper, []byte(start), 0o700)).To(Succeed())
	return wrapper, clock
}

// setOutIn is setOut in the browser with that executable.
func setOutIn(ctx g.SpecContext, executable string, stage gateway.Stage) *stroll {
	g.GinkgoHelper()
	gw, err := gateway.New(gateway.Options{})
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(gw.Close)
	b, err := browser.Launcher(browser.Options{Path: executable})(ctx, gw.SPKI())
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(b.Close)
	wire, err := gw.Visitor(stage)
	Expect(err).NotTo(HaveOccurred())
	visitor, err := b.Visitor(ctx, wire.Address())
	Expect(err).NotTo(HaveOccurred())
	g.DeferCleanup(func() {
		<-visitor.Dispose()
		Expect(wire.Close()).To(Succeed())
	})
	return &stroll{wire: wire, visitor: visitor}
}

var _ = g.Describe("a journey through days", func() {
	for _, kind := range kinds() {
		g.It("leaves the same trace as a browser whose wall clock moves, in "+string(kind)+" Chrome", func(ctx g.SpecContext) {
			executable, clock := withWallClock(ctx, kind)
			aside := setOutIn(ctx, executable, oracleStage())
			ahead := time.Duration(0)
			want := trace(ctx, aside, func(span time.Duration) {
				ahead += span
				clock.set(ahead)
				aside.wire.Shift(ahead)
			})
			s := setOut(ctx, kind, oracleStage())
			got := trace(ctx, s, func(span time.Duration) {
				Expect(s.visitor.Travel(ctx, span)).To(Succeed())
				s.wire.Shift(s.visitor.Clock().Sub(time.Now()))
			})
			Expect(got).To(Equal(want))
			// The clock that is the measure has really moved: what lives for a day is
			// there first and gone then, and in the end only what belongs to the session
			// and to that day is left.
			Expect(want[4]).To(And(ContainSubstring("page-age-86400=1"), Not(ContainSubstring("page-age-1800=1"))))
			Expect(want[6]).NotTo(ContainSubstring("page-age-86400=1"))
			Expect(want[len(want)-2]).To(HaveSuffix(": sent answer-session=1 session=1"))
		}, g.SpecTimeout(patience))
	}
})
