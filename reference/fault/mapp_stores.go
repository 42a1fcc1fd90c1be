package fault

import "github.com/pixelwitness/pixelwitness/reference/tracker"

// random is a value that is different on each device, in JavaScript.
const random = `Array.from(crypto.getRandomValues(new Uint32Array(4))).join("")`

// mappStores returns faults in what the tracker keeps while a visitor is
// anonymous.
func mappStores() []Fault {
	const removes = "mapp.opt-out-removes-eid"
	const stores = "mapp.no-identifying-cookie"
	const hides = "all.no-hiding-place"
	const forget = "forget() {"
	return []Fault{
		mapp("keeps-eid-cookie", "The ever-id stays in the jar after the opt-out", removes,
			visitor, `remove(everIdCookie);`, ``),
		mapp("keeps-sid-cookie", "The session cookie stays in the jar after the opt-out", removes,
			visitor, `remove(sessionCookie);`, ``),
		mapp("makes-an-ever-id-while-anonymous", "An anonymous request stores a new ever-id", stores,
			visitor, forget, forget+`
    if (!this.options.anonymousOptIn && !this.everId()) {
      write(everIdCookie, digits(19), everIdSeconds);
      return;
    }`),
		leak("keeps-an-anonymous-id-in-a-cookie", "An anonymous visitor gets a lasting cookie of another name", hides,
			`if (!document.cookie.includes("_px=")) { document.cookie = "_px=" + `+random+` + "; path=/; max-age=31536000"; }`),
		leak("keeps-an-anonymous-id-in-local-storage", "An anonymous visitor gets a lasting number in localStorage", hides,
			`localStorage.wt_a = localStorage.wt_a || `+random+`;`),
		leak("keeps-an-anonymous-id-in-indexed-db", "An anonymous visitor gets a lasting number in IndexedDB", hides,
			`const opening = indexedDB.open("wt", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("box").put(`+random+`, "a");
    opening.onsuccess = () => opening.result.close();`),
		leak("keeps-an-anonymous-id-in-the-cache", "An anonymous visitor gets a lasting number in the Cache of scripts", hides,
			`caches.open("wt").then((box) => box.match("/wt-a").then((kept) => kept || box.put("/wt-a", new Response(`+random+`))));`),
		leak("keeps-the-time-of-the-first-visit", "The time of the first anonymous visit is kept, and each request carries it", hides,
			`localStorage.wt_t = localStorage.wt_t || String(Date.now());
    sent.push(["fv", localStorage.wt_t]);`),
	}
}

// mappRespawns returns faults that bring back an ever-id that was removed.
func mappRespawns() []Fault {
	const person = "const known = this.everId();"
	const stored = `write(everIdCookie, id, everIdSeconds);`
	const removing = `remove(everIdCookie);`
	const back = "all.no-respawn"
	patch := func(find, replace string) tracker.Patch {
		return tracker.Patch{File: visitor, Find: find, Replace: replace}
	}
	return []Fault{
		mappWith("respawns-from-local-storage", "A deleted ever-id comes back from localStorage", back,
			patch(person, `const known = this.everId() || localStorage.wt_b || "";`),
			patch(stored, stored+"\n    "+`localStorage.wt_b = id;`),
			patch(removing, removing+"\n    "+`localStorage.removeItem("wt_b");`)),
		mappWith("respawns-from-indexed-db", "A deleted ever-id comes back from IndexedDB with the second page", back,
			patch(stored, stored+`
    const opening = indexedDB.open("wt", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("box");
    opening.onsuccess = () => {
      const box = opening.result.transaction("box", "readwrite").objectStore("box");
      const kept = box.get("b");
      kept.onsuccess = () => {
        if (kept.result && !this.isAnonymous()) {
          write(everIdCookie, kept.result, everIdSeconds);
        } else {
          box.put(id, "b");
        }
        opening.result.close();
      };
    };`),
			patch(removing, removing+"\n    "+`indexedDB.deleteDatabase("wt");`)),
		mappWith("respawns-from-the-cache", "A deleted ever-id comes back from the Cache of scripts with the second page", back,
			patch(stored, stored+`
    caches.open("wt").then((box) => box.match("/wt-b").then((kept) => (kept ? kept.text() : box.put("/wt-b", new Response(id)))).then((old) => {
      if (old && !this.isAnonymous()) { write(everIdCookie, old, everIdSeconds); }
    }));`),
			patch(removing, removing+"\n    "+`caches.delete("wt");`)),
		mappWith("respawns-after-the-opt-back", "The ever-id from before the opt-out is back after the opt-back",
			"all.no-respawn",
			patch(removing, `localStorage.wt_r = this.everId() || localStorage.wt_r || "";
    `+removing),
			patch(person, `const known = this.everId() || localStorage.wt_r || "";`)),
	}
}
