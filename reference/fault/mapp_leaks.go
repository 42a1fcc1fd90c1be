package fault

// Where a leak sends what it should not, in JavaScript.
const elsewhere = `address.replace(/wt$/, "px")`

// mappLeaks returns faults that send the ever-id with or beside an anonymous
// hit, each by another way.
func mappLeaks() []Fault {
	// Whoever carries an identity while the visitor is anonymous breaks the rule
	// on it in every document, and the promise for each state of the pixel.
	const leaked = "mapp.eid-omitted"
	return []Fault{
		// The old cookie is still there when the first anonymous request is made.
		keeping("keeps-eid-parameter", "The first anonymous request carries the ever-id that it removes from the jar", leaked,
			`fields.push(["eid", kept]);`),
		keeping("sends-eid-in-the-path", "The ever-id stands in the path of a second image", leaked,
			"new Image().src = address.replace(/wt$/, `px/${kept}.gif`);"),
		keeping("sends-eid-in-the-host-name", "The ever-id stands in the host name of a second image", leaked,
			"new Image().src = address.replace(\"https://\", `https://v${kept}.`);"),
		keeping("sends-eid-in-a-header", "A second request carries the ever-id in a header of its own", leaked,
			`fetch(`+elsewhere+`, { headers: { "X-Visitor": kept } }).catch(() => {});`),
		keeping("sends-eid-from-a-worker", "A worker sends the ever-id", leaked,
			"new Worker(URL.createObjectURL(new Blob([`fetch(\"${"+elsewhere+"}?v=${kept}\", { mode: \"no-cors\" })`])));"),
		keeping("sends-eid-from-a-frame", "A frame is opened whose address holds the ever-id", leaked,
			`const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.src = `+"`${"+elsewhere+"}?v=${kept}`;"+`
      document.documentElement.append(frame);`),
		keeping("sends-eid-by-web-socket", "A WebSocket carries the ever-id", leaked,
			`const socket = new WebSocket(`+elsewhere+`.replace("https", "wss"));
      socket.onopen = () => socket.send(kept);`),
		keeping("sends-eid-when-the-page-is-left", "The first anonymous page sends the ever-id when it is left", leaked,
			`window.addEventListener("pagehide", () => navigator.sendBeacon(`+elsewhere+`, kept));`),
		keeping("sends-eid-some-seconds-later", "The first anonymous page sends the ever-id after twenty seconds", leaked,
			"setTimeout(() => { new Image().src = `${"+elsewhere+"}?v=${kept}`; }, 20000);"),
	}
}

// mappEncodings returns faults that send identities with or beside an anonymous
// hit in disguise.
func mappEncodings() []Fault {
	const canary = "all.canary"
	return []Fault{
		keeping("sends-eid-in-base64", "The first anonymous request carries the ever-id in Base64", canary,
			`fields.push(["cs1", btoa(kept)]);`),
		keeping("sends-eid-in-layers", "The first anonymous request carries the ever-id in Base64 in JSON in Base64", canary,
			`fields.push(["cs1", btoa(JSON.stringify({ user: { ref: btoa(kept) } }))]);`),
		keeping("sends-eid-hashed", "The first anonymous request carries the SHA-256 of the ever-id", canary,
			`fields.push(["cs1", sha256(kept)]);`),
		keeping("sends-eid-in-gzip", "A second request carries the ever-id in a body packed with gzip", canary,
			`new Response(new Blob([JSON.stringify({ user: { ref: kept } })]).stream().pipeThrough(new CompressionStream("gzip"))).blob()
        .then((body) => fetch(`+elsewhere+`, { method: "POST", mode: "no-cors", body }))
        .catch(() => {});`),
		leak("sends-the-email-hashed", "An anonymous request carries the SHA-256 of the e-mail address in small letters", canary,
			`if (told.customer.email) { sent.push(["em", sha256(told.customer.email.trim().toLowerCase())]); }`),
		leak("sends-the-name-in-utf-sixteen", "A second request carries the last name in UTF-16", canary,
			`if (told.customer.lastName) {
      const body = new Uint16Array(Array.from("n=" + told.customer.lastName, (c) => c.charCodeAt(0)));
      fetch(`+elsewhere+`, { method: "POST", mode: "no-cors", body }).catch(() => {});
    }`),
	}
}
