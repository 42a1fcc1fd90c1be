package browser

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/runtime"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// noteReport records what the hook reports: a cookie write, that a script has
// reached for a store, or that something did not load.
func (v *Visitor) noteReport(payload string) {
	var said struct {
		Touched string `json:"touched"`
		Failed  string `json:"failed"`
		// Worker is the shared worker's URL and name, empty for a dedicated one.
		Worker    *string `json:"worker"`
		Dedicated bool    `json:"dedicated"`

		By    string  `json:"by"`
		Raw   string  `json:"raw"`
		At    float64 `json:"at"` // the page's clock, in milliseconds since 1970
		Frame string  `json:"frame"`
		Extra *struct {
			Expires  *float64 `json:"expires"`
			Domain   string   `json:"domain"`
			Path     string   `json:"path"`
			SameSite string   `json:"sameSite"`
		} `json:"extra"`
	}
	if json.Unmarshal([]byte(payload), &said) != nil {
		return
	}
	if said.Touched != "" {
		v.mu.Lock()
		v.touched[said.Touched] = true
		v.mu.Unlock()
		return
	}
	if said.Worker != nil {
		v.mu.Lock()
		if said.Dedicated || !v.shared[*said.Worker] {
			v.expected++
		}
		v.shared[*said.Worker] = true
		v.mu.Unlock()
		return
	}
	if said.Failed != "" {
		v.noteMessage("error", "did not load: "+said.Failed, said.Frame)
		return
	}
	w := evidence.ParseWrite(said.Raw, time.UnixMilli(int64(said.At)))
	w.By, w.Frame = said.By, said.Frame
	if x := said.Extra; x != nil {
		w.Domain, w.Path, w.SameSite, w.Secure = x.Domain, x.Path, sameSite[x.SameSite], true
		if x.Expires != nil {
			w.Session, w.Lifetime = false, milliseconds(*x.Expires-said.At)
		}
	}
	v.mu.Lock()
	w.Step, w.At = v.step, time.Since(v.began)
	v.writes = append(v.writes, w)
	v.mu.Unlock()
}

// sameSite is what a cookie store's words are elsewhere.
var sameSite = map[string]string{"strict": "Strict", "lax": "Lax", "none": "None"}

func (v *Visitor) noteMessage(level, text, source string) {
	switch level {
	case "warn":
		level = "warning"
	case "verbose":
		level = "debug"
	}
	v.mu.Lock()
	v.messages = append(v.messages, evidence.Message{
		Step: v.step, At: time.Since(v.began), Level: level, Text: text, Source: source,
	})
	v.mu.Unlock()
}

func exceptionText(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

func consoleText(args []*runtime.RemoteObject) string {
	text := ""
	for i, a := range args {
		if i > 0 {
			text += " "
		}
		var plain string
		switch {
		case a.Type == "string" && json.Unmarshal(a.Value, &plain) == nil:
			text += plain
		case a.Description != "":
			text += a.Description
		case a.UnserializableValue != "":
			text += string(a.UnserializableValue)
		default:
			text += string(a.Value)
		}
	}
	return text
}

func stackSource(stack *runtime.StackTrace) string {
	if stack == nil || len(stack.CallFrames) == 0 {
		return ""
	}
	f := stack.CallFrames[0]
	return source(f.URL, f.LineNumber, f.ColumnNumber)
}

// source is a script's place as people count, from 1.
func source(url string, line, column int64) string {
	if url == "" {
		return ""
	}
	return fmt.Sprintf("%s:%s:%s", url, strconv.FormatInt(line+1, 10), strconv.FormatInt(column+1, 10))
}
