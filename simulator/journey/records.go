package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// asked returns the collector's records that the scenario speaks of.
func asked(plan *scenario.Plan) []string {
	var names []string
	for _, e := range plan.Scenario.Expect {
		if e.Record != "" && !slices.Contains(names, e.Record) {
			names = append(names, e.Record)
		}
	}
	return names
}

// read asks the collector for what it has recorded by now.
func (j *walk) read(ctx context.Context, d *device) (map[string]string, error) {
	if len(j.records) == 0 {
		return nil, nil
	}
	found := map[string]string{}
	for _, name := range j.records {
		where, ok := j.plan.Pixel.Records[name]
		if !ok {
			return nil, fmt.Errorf("the pixel %s does not say where its collector keeps %s", j.plan.Pixel.Name, name)
		}
		body, err := d.wire.Record(ctx, where.Path)
		if err != nil {
			return nil, fmt.Errorf("read the record %s: %w", name, err)
		}
		if found[name], err = number(body, where.Value); err != nil {
			return nil, fmt.Errorf("read the record %s from %s: %w", name, where.Path, err)
		}
	}
	return found, nil
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
			return "", fmt.Errorf("nothing stands at %s", path)
		}
		value = object[key]
	}
	n, ok := value.(json.Number)
	if !ok {
		return "", fmt.Errorf("no number stands at %s", path)
	}
	return n.String(), nil
}
