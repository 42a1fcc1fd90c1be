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

// remember keeps which sessions were there before the journey, once.
func (j *walk) remember(ctx context.Context, d *device) error {
	if j.sessions == nil || !j.options.Before || j.looked {
		return nil
	}
	j.looked = true
	ctx, cancel := j.bounded(ctx)
	defer cancel()
	return j.sessions.remember(ctx, d.wire.Record)
}

// keptBefore keeps what the collector kept before the journey. What cannot be read now,
// such as a file that is still to be made, shows when it is wanted.
func (j *walk) keptBefore(ctx context.Context) {
	if j.options.Kept == nil || !j.options.Before || len(j.kept) == 0 {
		return
	}
	if kept, err := j.options.Kept(ctx); err == nil {
		j.evidence.Snapshots = append(j.evidence.Snapshots, evidence.Snapshot{Kept: kept})
	}
}

// readKept reads all that the collector keeps, what it gave back beside it, and what
// else the pixel's description names of that, from the first step on that wants it:
// what is kept may be written down only later.
func (j *walk) readKept(ctx context.Context, step string, answers []evidence.Kept, record func(ctx context.Context, path string) ([]byte, error)) ([]evidence.Kept, error) {
	j.keeping = j.keeping || slices.Contains(j.kept, step)
	if j.options.Kept == nil || !j.keeping {
		return nil, nil
	}
	kept, err := j.options.Kept(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what the collector keeps: %w", err)
	}
	kept = append(kept, answers...)
	for i, path := range j.plan.KeptAnswers() {
		body, err := record(ctx, path)
		if err != nil {
			at := fmt.Sprintf("kept.read[%d]", i)
			return nil, fmt.Errorf("%s: %s: read what the collector gives back: %w\nhint: name a path, with its query, at which the collector answers a GET with 200", j.plan.Pixel.At(at), at, err)
		}
		kept = append(kept, answerOf(path, body))
	}
	return kept, nil
}

// answerOf is what the collector gave back at a path, as something that it keeps.
func answerOf(path string, body []byte) evidence.Kept {
	return evidence.Kept{Name: evidence.KeptAnswer + path, Data: body}
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
