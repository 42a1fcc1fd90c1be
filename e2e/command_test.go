package e2e_test

import (
	"os"
	"time"

	g "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

// envCommand names a command that has been built already.
const envCommand = "PIXELWITNESS_E2E_COMMAND"

// binary is the command, built once for all processes of the suite.
var binary string

var _ = g.SynchronizedBeforeSuite(func(g.SpecContext) []byte {
	if built := os.Getenv(envCommand); built != "" {
		return []byte(built)
	}
	path, err := gexec.Build("github.com/pixelwitness/pixelwitness/simulator/cmd/pixelwitness")
	Expect(err).NotTo(HaveOccurred())
	return []byte(path)
}, func(path []byte) { binary = string(path) }, g.NodeTimeout(5*time.Minute))

var _ = g.SynchronizedAfterSuite(func() {}, func() {
	if os.Getenv(envCommand) == "" {
		gexec.CleanupBuildArtifacts()
	}
})
