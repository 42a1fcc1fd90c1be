// The outbox keeps hits until they are delivered: in order, one at a time, or
// several together. It keeps them in memory only: what is left on a device that
// a visitor has opted out on would be one more thing to forget.

import { lines } from "./transport.js";

// maxBody bounds what is sent together, in characters: browsers take no more
// than 64 KiB from a page that is being left.
const maxBody = 60000;

// A hit is {address, query, anonymous, made}: where to, what it says in the form
// that the carrier takes, such as name=value&…, whether it tells nobody's
// identity, and when it was made, in ms. Where there is a person too, only hits
// of one person go together.
export class Outbox {
  // options holds transport, requestQueue and requestBatch, and may still
  // change. mayLeave tells of a hit whether it may be sent now. The carrier
  // sends: its send and leave do what those of lines do, and together is the
  // transport that takes several hits where an image cannot.
  constructor(options, mayLeave, carrier = lines) {
    this.options = options;
    this.mayLeave = mayLeave;
    this.carrier = carrier;
    this.waiting = [];
    this.underWay = false;
    this.timer = null;
    window.addEventListener("online", () => this.next());
    window.addEventListener("pagehide", () => this.leave());
    document.addEventListener("visibilitychange", () => this.turned());
  }

  add(hit) {
    const { requestQueue, requestBatch } = this.options;
    this.waiting.push({ hit, failures: 0 });
    this.waiting.splice(0, this.waiting.length - Math.max(requestQueue.size, requestBatch.size));
    if (!requestBatch.activated || this.waiting.length >= requestBatch.size) {
      this.next();
    } else {
      this.later(requestBatch.interval);
    }
  }

  // sift throws away what may not leave any more, and what has become too old.
  sift() {
    const oldest = Date.now() - this.options.requestQueue.ttl;
    this.waiting = this.waiting.filter(({ hit }) => this.mayLeave(hit) && hit.made >= oldest);
  }

  // next sends what is first in line, unless its predecessor is under way.
  next() {
    this.sift();
    if (this.underWay || this.waiting.length === 0 || navigator.onLine === false) {
      return;
    }
    this.forgetTimer();
    const parcel = this.take();
    const { transport, requestBatch } = this.options;
    // No image takes several hits; so that one alone goes the same way, a batch
    // never goes by image.
    const by = requestBatch.activated && transport === "image" ? this.carrier.together : transport;
    this.underWay = true;
    this.carrier.send(by, parcel[0].hit.address, parcel.map(({ hit }) => hit.query), (delivered) => {
      this.underWay = false;
      if (delivered) {
        this.next();
      } else {
        this.putBack(parcel);
      }
    });
  }

  // take removes what goes together from the head of the line. Anonymous hits
  // never travel with others: one body would tell whose they are.
  take() {
    const { requestBatch } = this.options;
    const first = this.waiting[0].hit;
    let length = 0;
    const fits = ({ hit }, i) => {
      length += hit.query.length + 1;
      const alike = hit.anonymous === first.anonymous && hit.address === first.address && hit.person === first.person;
      return i === 0 || (requestBatch.activated && i < requestBatch.size && alike && length <= maxBody);
    };
    const end = this.waiting.findIndex((entry, i) => !fits(entry, i));
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end);
  }

  // putBack lets a parcel that was not delivered wait for its next attempt.
  putBack(parcel) {
    const { activated, retries, resendInterval } = this.options.requestQueue;
    const again = parcel.filter((entry) => activated && ++entry.failures <= retries);
    this.waiting.unshift(...again);
    if (this.waiting.length > 0) {
      this.later(resendInterval);
    }
  }

  // leave hands what waits to the browser, because the page may not come back.
  leave() {
    this.sift();
    while (this.waiting.length > 0 && navigator.onLine !== false) {
      const parcel = this.take();
      if (!this.carrier.leave(parcel[0].hit.address, parcel.map(({ hit }) => hit.query))) {
        this.waiting.unshift(...parcel);
        return;
      }
    }
  }

  // turned sends what is being collected when the page is hidden: it may be
  // thrown away without another word.
  turned() {
    if (document.visibilityState === "hidden" && this.options.requestBatch.activated) {
      this.leave();
    }
  }

  later(milliseconds) {
    if (this.timer === null) {
      this.timer = setTimeout(() => {
        this.timer = null;
        this.next();
      }, milliseconds);
    }
  }

  forgetTimer() {
    clearTimeout(this.timer);
    this.timer = null;
  }
}
