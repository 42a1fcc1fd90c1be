package e2e_test
import ("fmt"
	g "github.com/onsi/ginkgo/v2"
	"github.com/pixelwitness/pixelwitness/simulator/browser"
	"time"
)
var _ = g.It("ZZ", func(ctx g.SpecContext) {
	for _, k := range kinds() {
	_, b := openBrowser(ctx, k)
	fmt.Println(k, b.(*browser.Browser).Pid(), descendants())
	}
}, g.SpecTimeout(20*time.Second))
