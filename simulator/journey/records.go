package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// asked returns the collector's records that the scenario speaks of.
func asked(plan *scenario.Plan) []string {
	var names []string
	for _, e := range plan.Scenario.Expect {
		if e.Record != "" && plan.Judged(&e) && !slices.Contains(names, e.Record) {
			names = append(names, e.Record)
		}
	}
	return names
}

// read asks the collector for what it has recorded by now.
func (j *walk) read(ctx context.Context, record func(ctx context.Context, path string) ([]byte, error)) (map[string]string, error) {
	if len(j.records) == 0 {
		return nil, nil
	}
	found := map[string]string{}
	for _, name := range j.records {
		where, ok := j.plan.Record(name)
		if !ok {
			return nil, fmt.Errorf("the pixel %s does not say where its collector keeps %s", j.plan.Pixel.Name, name)
		}
		body, err := record(ctx, where.Path)
		if err != nil {
			return nil, fmt.Errorf("read the record %s: %w", name, err)
		}
		if found[name], err = number(body, where.Value); err != nil {
			key := "records." + name + ".value"
			a := &answer{pixel: j.plan.Pixel, path: where.Path, body: body}
			return nil, a.wrong(key, "name what leads to a number in that answer", "%v", err)
		}
	}
	return found, nil
}

// readKept reads all that the collector keeps, and what it gave back beside it, from
// the first step on that wants it: what is kept may be written down only later.
func (j *walk) readKept(ctx context.Context, step string, answers []evidence.Kept) ([]evidence.Kept, error) {
	j.keeping = j.keeping || slices.Contains(j.kept, step)
	if j.options.Kept == nil || !j.keeping {
		return nil, nil
	}
	kept, err := j.options.Kept(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what the collector keeps: %w", err)
	}
	return append(kept, answers...), nil
}

// readProfiles asks the collector for the profiles that it keeps by now.
func (j *walk) readProfiles(ctx context.Context, d *device) ([]evidence.Profile, error) {
	if j.profiles == nil {
		return nil, nil
	}
	return j.profiles.Read(ctx, d.wire.Record, j.visitorIDs())
}

// visitorIDs lists the visitor IDs that the pixel's hits have carried so far, on
// any device, sorted.
func (j *walk) visitorIDs() []string {
	var list []string
	for _, d := range j.devices {
		list = append(list, VisitorIDs(j.plan, d.wire.Requests())...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// VisitorIDs lists the visitor IDs that the pixel's hits among the requests carry,
// sorted.
func VisitorIDs(plan *scenario.Plan, requests []evidence.Request) []string {
	name, hit := plan.ParameterName(scenario.RoleVisitorID).Name, plan.Pixel.Hits()
	var list []string
	for i := range requests {
		if requests[i].Method == http.MethodOptions || !hit(requests[i].URL) {
			continue
		}
		for _, p := range requests[i].ReadBatch(plan.Pixel.Requests.Batch).Parameters {
			if p.Name == name && p.Value != "" {
				list = append(list, p.Value)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// number finds the number to which the names lead in a JSON document.
func number(document []byte, path string) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", fmt.Errorf("not a JSON document: %w", err)
	}
	for _, key := range strings.Split(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return "", fmt.Errorf("nothing stands at %s, where a number is wanted", path)
		}
		value = object[key]
	}
	n, ok := value.(json.Number)
	if !ok {
		return "", fmt.Errorf("no number stands at %s, where one is wanted", path)
	}
	return n.String(), nil
}
