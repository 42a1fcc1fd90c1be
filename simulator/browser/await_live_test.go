package browser_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/journey"
)

func init() {
	liveTests["a chain of clicks over pages"] = aChainOfClicks
	liveTests["clicking what a script brings"] = clickingWhatAScriptBrings
	liveTests["what a style sheet moves"] = whatAStyleSheetMoves
	liveTests["what moves before it is pressed"] = whatMovesBeforeItIsPressed
	liveTests["what never comes"] = whatNeverComes
	liveTests["a form that leads back to its own page"] = aFormThatLeadsBack
}

// aChainOfClicks goes through pages of which each has the link of the next, and of
// which all but the first are slow. The link of the second stands on the first, too:
// what is clicked after the first stands on the second.
func aChainOfClicks(w *walker) {
	slow := func(handler http.HandlerFunc) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(200 * time.Millisecond):
			case <-w.world.held:
			}
			handler(rw, r)
		}
	}
	w.world.pages["/start"] = page(saying, `<a id="menu" href="/list">menu</a> <a id="item" href="/wrong">not this one</a>`)
	w.world.pages["/list"] = slow(page(saying, `<a id="item" href="/item">item</a>`))
	w.world.pages["/item"] = slow(page(saying, `<form method="post" action="/save"><input type="checkbox" name="on" id="box"><button id="ok">OK</button></form>`))
	w.world.pages["/save"] = slow(func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/saved", http.StatusSeeOther) })
	w.world.pages["/saved"] = slow(page(saying, `<p id="saved">Saved</p>`))
	w.open("/start")
	w.must(w.Click(w.ctx, "#menu"))
	for _, selector := range []string{"#item", "#box:not(:checked)", "#ok"} {
		w.must(w.ClickNext(w.ctx, selector))
	}
	w.must(w.AwaitSight(w.ctx, "#saved"))
	if s := w.settle(); s.Page != site+"/saved" {
		w.Errorf("the page is %s", s.Page)
	}
	w.want("requests", w.world.all(), "GET /start", "GET /list", "GET /item", "POST /save", "GET /saved")
	w.want("the form", w.world.sent("/save"), "on=on")
}

func clickingWhatAScriptBrings(w *walker) {
	w.world.pages["/"] = page(saying+`
		addEventListener('load', () => fetch('/slow').then(() => {
			const button = document.createElement('button');
			button.id = 'late';
			button.style.display = 'none';
			button.textContent = 'late';
			button.onclick = () => { say('clicked'); button.remove(); };
			document.body.append(button);
			fetch('/slower').then(() => { button.style.display = ''; });
		}));`, `<p id="hidden" style="transition: visibility 50ms; visibility: hidden">text</p>`)
	w.world.pages["/slow"] = func(http.ResponseWriter, *http.Request) {}
	w.world.pages["/slower"] = func(http.ResponseWriter, *http.Request) {}
	w.Begin("opening", time.Now())
	w.must(w.Open(w.ctx, site+"/"))
	w.must(w.ClickNext(w.ctx, "#late"))
	w.world.await(w, "/clicked")
	w.settle()
}

// whatAStyleSheetMoves is clicked where it comes to stand. The page's style sheet
// comes right after somebody has looked where the box is, or else by itself; one that
// never comes keeps nobody waiting.
func whatAStyleSheetMoves(w *walker) {
	looked := make(chan struct{}, 100)
	w.world.pages["/"] = page("", `<a id="next" href="/form">next</a>`)
	w.world.pages["/form"] = content("text/html; charset=utf-8", `<!doctype html><html lang=en><head><title>form</title><link rel=icon href=data:,>
		<script>
		HTMLInputElement.prototype.scrollIntoView = function () {
			const asked = new XMLHttpRequest();
			asked.open('GET', '/looked', false);
			asked.send();
		};
		</script>
		<link rel="stylesheet" href="/gone.css"><link rel="stylesheet" href="/slow.css"></head>
		<body><form action="/saved"><input type="checkbox" name="on" id="box"><button id="ok">OK</button></form>`)
	w.world.pages["/looked"] = func(http.ResponseWriter, *http.Request) { looked <- struct{}{} }
	w.world.pages["/slow.css"] = func(rw http.ResponseWriter, r *http.Request) {
		select {
		case <-looked:
		case <-time.After(300 * time.Millisecond):
		case <-w.world.held:
		}
		content("text/css", "#box { margin: 200px 0 0 400px } #ok { display: block; margin-top: 100px }")(rw, r)
	}
	w.world.pages["/saved"] = page(saying, `<p id="saved">Saved</p>`)
	w.open("/")
	w.must(w.Click(w.ctx, "#next"))
	w.must(w.ClickNext(w.ctx, "#box:not(:checked)"))
	w.must(w.ClickNext(w.ctx, "#ok"))
	w.must(w.AwaitSight(w.ctx, "#saved"))
	if s := w.settle(); s.Page != site+"/saved?on=on" {
		w.Errorf("the page is %s", s.Page)
	}
}

// whatMovesBeforeItIsPressed is clicked all the same, and nothing else is, nor does the
// page see a press elsewhere.
func whatMovesBeforeItIsPressed(w *walker) {
	w.world.pages["/"] = page(saying+`
for (const kind of ['pointerdown', 'mousedown', 'mouseup', 'click']) addEventListener(kind, ({ target }) => { if (target.id !== 'right') say('saw-' + kind); }, true);
const lies = document.elementFromPoint.bind(document);
let moves = 0;
document.elementFromPoint = (x, y) => {
  const hit = lies(x, y);
  queueMicrotask(() => { if (moves++ < 2) document.body.prepend(document.querySelector('#wrong').cloneNode(true)); });
  return hit;
};`, `<a id=right href=/right style="display:block; height:40px">right</a><a id=wrong href=/wrong style="display:block; height:40px">wrong</a>`)
	w.world.pages["/right"] = page("", "")
	w.open("/")
	w.must(w.Click(w.ctx, "#right"))
	if s := w.settle(); s.Page != site+"/right" {
		w.Errorf("the page is %s", s.Page)
	}
	w.want("requests", w.world.all(), "GET /", "GET /right")
	var element *journey.ElementError
	w.world.pages["/away"] = page(`const lies = document.elementFromPoint.bind(document);
document.elementFromPoint = (x, y) => {
  const hit = lies(x, y);
  queueMicrotask(() => document.body.prepend(document.querySelector('#wrong').cloneNode(true)));
  return hit;
};`, `<a id=right href=/right style="display:block; height:40px">right</a><a id=wrong href=/wrong style="display:block; height:40px">wrong</a>`)
	w.open("/away")
	if err := w.Click(w.ctx, "#right"); !errors.As(err, &element) || element.Problem != "it moves away from each click" {
		w.Errorf("what moves for ever: %v", err)
	}
}

func whatNeverComes(w *walker) {
	w.world.pages["/"] = page(saying, `<button id="covered">x</button><div style="position:fixed; inset:0"></div><p id="unseen" hidden>text</p>`)
	w.open("/")
	for selector, problem := range map[string]string{
		"#nothing": "not found", "#covered": "covered by another element", "#unseen": "not visible",
	} {
		ctx, stop := context.WithTimeout(w.ctx, 300*time.Millisecond)
		err := w.ClickNext(ctx, selector)
		stop()
		var element *journey.ElementError
		if !errors.As(err, &element) || element.Problem != problem || element.Page != site+"/" || element.Selector != selector || element.Unseen {
			w.Errorf("%s: %v", selector, err)
		}
	}
	ctx, stop := context.WithTimeout(w.ctx, 300*time.Millisecond)
	defer stop()
	if err := w.AwaitSight(ctx, "#unseen"); err == nil || err.Error() != "nothing in sight at #unseen on "+site+"/: not visible" {
		w.Errorf("in sight: %v", err)
	}
	if err := w.ClickNext(w.ctx, "#["); err == nil || err.Error() != "nothing to click at #[ on "+site+"/: not a valid selector" {
		w.Errorf("no selector: %v", err)
	}
	w.settle() // the page is as it was
}

// aFormThatLeadsBack has the same elements before and after it is sent: what is
// clicked next stands on the page that comes.
func aFormThatLeadsBack(w *walker) {
	var sent atomic.Int64
	w.world.pages["/"] = func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			sent.Add(1)
		}
		page(saying, fmt.Sprintf(`<form method="post" action="/"><button id="ok" name="n" value="%d">OK</button></form>`, sent.Load()))(rw, r)
	}
	w.open("/")
	w.must(w.Click(w.ctx, "#ok"))
	w.must(w.ClickNext(w.ctx, "#ok"))
	w.must(w.ClickNext(w.ctx, "#ok"))
	w.settle()
	w.want("the forms", w.world.sent("/"), "", "n=0", "n=1", "n=2")
}
