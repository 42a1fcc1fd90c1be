package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/pixelwitness/pixelwitness/reference/fault"
)

// crowdVendor is whose dialect a crowd speaks.
const crowdVendor = "piwikpro"

// ofCollector tells that a crowd can meet the fault.
func ofCollector(f fault.Fault) bool { return f.Vendor == crowdVendor && f.Part == fault.Collector }

// collectorFaults are the names of the faults that a crowd can meet.
func collectorFaults() []string {
	var names []string
	for _, f := range fault.All() {
		if ofCollector(f) {
			names = append(names, f.Name)
		}
	}
	return names
}

// listCollectorFaults lists them with what they are.
func listCollectorFaults(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, f := range fault.All() {
		if ofCollector(f) {
			fmt.Fprintf(w, "%s\t%s\n", f.Name, f.Title)
		}
	}
	return w.Flush()
}

// collectorFault is the fault of the name.
func collectorFault(name string) (fault.Fault, error) {
	found, err := fault.Lookup(name)
	if err == nil && ofCollector(found) {
		return found, nil
	}
	names := collectorFaults()
	hint := near(name, names, "faults are "+strings.Join(names, ", "))
	if err == nil {
		return found, usage("--fault: %s is one of the %s for %s, and a crowd meets those of the collector for %s\nhint: %s", name, found.Part, found.Vendor, crowdVendor, hint)
	}
	return found, usage("--fault: %w: %q\nhint: %s", fault.ErrUnknown, name, hint)
}
