package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/collector"
	"github.com/pixelwitness/pixelwitness/reference/geo"
	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/suite"
)

// referenceCollector makes a collector of the reference for one journey.
func referenceCollector(now func() time.Time) (http.Handler, func() error, error) {
	return collectorWith(nil)(now)
}

// collectorWith makes collectors of the reference that a fault has changed, when
// change is not nil.
func collectorWith(change func(*collector.Options)) suite.Collector {
	return func(now func() time.Time) (http.Handler, func() error, error) {
		return newCollector(collector.Options{Clock: now}, change)
	}
}

// The files in which a collector keeps all that it keeps.
const (
	storeFile = "collector.db"
	logFile   = "collector.log"
)

// filedCollectorWith is collectorWith, but for a collector that keeps all it keeps in
// files: its store, and a log of everything that it has to tell.
func filedCollectorWith(change func(*collector.Options)) suite.FiledCollector {
	return func(folder string) suite.Collector {
		return func(now func() time.Time) (http.Handler, func() error, error) {
			told, err := os.OpenFile(filepath.Join(folder, logFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				return nil, nil, fmt.Errorf("make a log for the collector: %w", err)
			}
			handler, closing, err := newCollector(collector.Options{
				Clock: now, Store: filepath.Join(folder, storeFile),
				Logger: slog.New(slog.NewTextHandler(told, &slog.HandlerOptions{Level: slog.LevelDebug})),
			}, change)
			if err != nil {
				return nil, nil, errors.Join(err, told.Close())
			}
			return handler, func() error { return errors.Join(closing(), told.Close()) }, nil
		}
	}
}

// places is the example of a geographical database, made once: nobody writes to it.
var places = sync.OnceValues(geo.Example)

// newCollector makes a collector of the reference, which knows the places of
// documentation addresses.
func newCollector(options collector.Options, change func(*collector.Options)) (http.Handler, func() error, error) {
	var err error
	if options.Geo, err = places(); err != nil {
		return nil, nil, fmt.Errorf("make the example of a geographical database: %w", err)
	}
	if change != nil {
		change(&options)
	}
	c, err := collector.New(options)
	if err != nil {
		return nil, nil, err
	}
	return orSink(c.Handler()), c.Close, nil
}

// orSink lets the gateway's sink answer what the reference collector has no place
// for: a pixel of another dialect than the documents' must not be told that its
// hits went nowhere, lest it send them again. What is read back is answered as it
// is: that there is no such profile is an answer.
func orSink(collector http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own := func(folder string) bool { return strings.HasPrefix(r.URL.Path, folder) }
		if gateway.ReadsBack(r.Context()) || r.Method == http.MethodGet && slices.ContainsFunc(ownFolders, own) {
			collector.ServeHTTP(w, r)
			return
		}
		held := &unless404{ResponseWriter: w}
		collector.ServeHTTP(held, r)
		if held.is404 {
			clear(w.Header())
			gateway.Sink(w, r)
		}
	})
}

// ownFolders are those of the collector's own pages and documents, of which one that is
// not there is not there.
var ownFolders = []string{"/api/antsomi/", "/api/piwikpro/", "/piwikpro/", "/consent/"}

// unless404 holds back an answer that nothing was found.
type unless404 struct {
	http.ResponseWriter
	is404 bool
}

// WriteHeader passes every status on but one.
func (u *unless404) WriteHeader(status int) {
	if u.is404 = status == http.StatusNotFound; !u.is404 {
		u.ResponseWriter.WriteHeader(status)
	}
}

// Write passes the body on, unless nothing was found.
func (u *unless404) Write(p []byte) (int, error) {
	if u.is404 {
		return len(p), nil
	}
	return u.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (u *unless404) Unwrap() http.ResponseWriter { return u.ResponseWriter }
