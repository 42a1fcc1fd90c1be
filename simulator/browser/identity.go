package browser

import (
	"runtime"
	"strings"

	"github.com/chromedp/cdproto/emulation"
)

// identity is what an ordinary Chrome of the version says of itself, in its user
// agent and in its client hints: the reduced form, and nothing of "Headless".
func identity(version string) emulation.SetUserAgentOverrideParams {
	major, _, _ := strings.Cut(version, ".")
	agent, platform, name, model := "X11; Linux x86_64", "Linux x86_64", "Linux", "x86"
	if runtime.GOOS == "darwin" {
		agent, platform, name = "Macintosh; Intel Mac OS X 10_15_7", "MacIntel", "macOS"
	}
	if runtime.GOARCH == "arm64" {
		model = "arm"
	}
	brands := func(own, other string) []*emulation.UserAgentBrandVersion {
		return []*emulation.UserAgentBrandVersion{
			{Brand: "Chromium", Version: own}, {Brand: "Not:A-Brand", Version: other}, {Brand: "Google Chrome", Version: own},
		}
	}
	return emulation.SetUserAgentOverrideParams{
		UserAgent: "Mozilla/5.0 (" + agent + ") AppleWebKit/537.36 (KHTML, like Gecko) Chrome/" + major + ".0.0.0 Safari/537.36",
		Platform:  platform,
		UserAgentMetadata: &emulation.UserAgentMetadata{
			Brands: brands(major, "8"), FullVersionList: brands(version, "8.0.0.0"),
			Platform: name, Architecture: model, Bitness: "64",
		},
	}
}
