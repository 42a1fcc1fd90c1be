package suite

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/gateway"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// script finds the tracker's code: the one given, the reference's, or a file in
// the pixel's folder.
func (o Options) script() (Script, error) {
	if o.Script != nil {
		return *o.Script, nil
	}
	if o.Pixel.Script == scenario.GivenScript {
		return Script{}, &UsageError{fmt.Errorf("the pixel %s comes without its script\nhint: give it with --script FILE or URL", o.Pixel.Name)}
	}
	name, isReference := strings.CutPrefix(o.Pixel.Script, scenario.ReferenceScript)
	if !isReference {
		source, err := fs.ReadFile(o.Pixel.Files, o.Pixel.Script)
		if err != nil {
			return Script{}, fmt.Errorf("read the script of pixel %s: %w", o.Pixel.Name, err)
		}
		return Script{Name: o.Pixel.Script, Source: source}, nil
	}
	if o.Reference == nil {
		return Script{}, fmt.Errorf("the pixel %s wants the reference tracker %q, and no reference is at hand", o.Pixel.Name, name)
	}
	script, err := o.Reference(name)
	if err != nil {
		return Script{}, fmt.Errorf("bundle the reference tracker of pixel %s: %w", o.Pixel.Name, err)
	}
	return script, nil
}

// digest is the SHA-256 of the code, in hex.
func (s Script) digest() string {
	sum := sha256.Sum256(s.Source)
	return hex.EncodeToString(sum[:])
}

// Stage builds the hosts that a plan's visitor can reach under the options, for
// those who drive a browser of their own.
func Stage(plan *scenario.Plan, o Options) (gateway.Stage, error) {
	script, err := o.script()
	if err != nil {
		return nil, err
	}
	handler, _, err := o.collector(time.Now)
	if err != nil {
		return nil, fmt.Errorf("make a collector: %w", err)
	}
	return stage(plan, script, handler)
}

// stage builds the hosts that a plan's visitor can reach: the site with its
// pages, the tracker's code, the collector.
func stage(plan *scenario.Plan, script Script, collector http.Handler) (gateway.Stage, error) {
	p := plan.Pixel
	site, scripts := http.NewServeMux(), http.NewServeMux()
	if p.Stage.Scripts == p.Stage.Site {
		scripts = site
	}
	for name, path := range p.Pages {
		page, err := known(plan, name)
		if err != nil {
			return nil, fmt.Errorf("build page %s of pixel %s: %w", name, p.Name, err)
		}
		site.Handle("GET "+exactly(path), page)
	}
	scripts.Handle("GET "+exactly(p.Stage.Path), content("text/javascript; charset=utf-8", script.Source))
	hosts := gateway.Stage{
		p.Stage.Scripts: {Purpose: "script", Handler: scripts},
		p.Stage.Site:    {Purpose: "page", Handler: site},
	}
	if p.Stage.Settings != "" {
		scripts.Handle(p.Stage.Settings, collector)
	}
	if p.Stage.Console != "" {
		hosts[p.Stage.Console] = gateway.Host{Purpose: "console", Handler: collector, ByPath: hitsAmong(p)}
	}
	// A collector that shares a host with the others answers what they do not.
	if host, shared := hosts[p.Stage.Collector]; shared {
		host.Handler.(*http.ServeMux).Handle("/", collector)
		host.ByPath = purposes(p)
		hosts[p.Stage.Collector] = host
	} else {
		hosts[p.Stage.Collector] = gateway.Host{Purpose: "collector", Handler: collector}
		switch {
		case p.Stage.Scripts == p.Stage.Site:
			hosts[p.Stage.Site] = gateway.Host{Purpose: "page", Handler: site, ByPath: func(path string) string {
				if settings := settingsAmong(p)(path); settings != "" {
					return settings
				}
				return map[bool]string{true: "script"}[path == p.Stage.Path]
			}}
		case p.Stage.Settings != "":
			hosts[p.Stage.Scripts] = gateway.Host{Purpose: "script", Handler: scripts, ByPath: settingsAmong(p)}
		}
	}
	return hosts, nil
}

// hitsAmong tells the paths of hits on a host on which none belongs: what goes there
// is a hit all the same.
func hitsAmong(p *scenario.Pixel) func(path string) string {
	isHit := p.Hits()
	return func(path string) string {
		if isHit("https://" + p.Stage.Console + path) {
			return "collector"
		}
		return ""
	}
}

// settingsAmong tells the paths of settings on the host of the tracker's code, and
// hits, which do not become anything else there.
func settingsAmong(p *scenario.Pixel) func(path string) string {
	isHit := p.Hits()
	return func(path string) string {
		switch {
		case p.Stage.Settings == "" || !strings.HasPrefix(path, p.Stage.Settings):
			return ""
		case isHit("https://" + p.Stage.Scripts + path):
			return "collector"
		}
		return "settings"
	}
}

// known serves a page as it is for whom the site knows at that moment.
func known(plan *scenario.Plan, name string) (http.Handler, error) {
	pages := map[string]http.Handler{}
	for _, person := range append(plan.Scenario.Persons(), "") {
		html, err := scenario.RenderPage(plan.Person(person), name, scenario.PageData{})
		if err != nil {
			return nil, err
		}
		pages[person] = content("text/html; charset=utf-8", html)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages[gateway.PersonOf(r.Context())].ServeHTTP(w, r)
	}), nil
}

// purposes tells what the paths are for on a host that the collector shares.
func purposes(p *scenario.Pixel) func(path string) string {
	pages := map[string]bool{}
	if p.Stage.Site == p.Stage.Collector {
		for _, path := range p.Pages {
			pages[path] = true
		}
	}
	return func(path string) string {
		switch {
		case pages[path]:
			return "page"
		case path == p.Stage.Path && p.Stage.Scripts == p.Stage.Collector:
			return "script"
		}
		if purpose := settingsAmong(p)(path); purpose != "" && p.Stage.Scripts == p.Stage.Collector {
			return purpose
		}
		return "collector"
	}
}

// exactly is the pattern of one path and nothing below it.
func exactly(path string) string {
	if strings.HasSuffix(path, "/") {
		return path + "{$}"
	}
	return path
}

// content serves fixed bytes. Every visit asks for them; a page that may not be
// stored at all would not be kept for the back button either.
func content(kind string, body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}
