package scenario_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/pixelwitness/pixelwitness/scenarios"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

func TestThePlaceOfAKey(t *testing.T) {
	t.Parallel()
	lib, err := scenario.Load(scenarios.FS, "scenarios")
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(scenarios.FS, "pixels/antsomi/pixel.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for key, line := range map[string]string{
		"profile.values.marked": "    marked: ", "profile.customer.path": "  customer: {path: ",
		"records.conflicts.value": "  conflicts: {", "profile.values.nothing": "    customer-id: ",
	} {
		i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, line) })
		want := fmt.Sprintf("scenarios/pixels/antsomi/pixel.yaml:%d", i+1)
		if got := lib.Pixel("antsomi").At(key); got != want {
			t.Errorf("%s is at %s, want %s", key, got, want)
		}
	}
	if got := (&scenario.Pixel{}).At("profile"); got != "pixel.yaml" {
		t.Errorf("a pixel of no file is at %s", got)
	}
	if got := scenario.Nearest("is_customer", []string{"customer", "cid"}); got != "customer" {
		t.Errorf("nearest is %q", got)
	}
}
