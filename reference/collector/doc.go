// Package collector is the reference collector: it takes the hits of the
// reference trackers, says of each whether it is well formed, and keeps it for
// those who want to read it back. Of the events of the dialect antsomi it makes
// profiles of users and customers, of the hits of the dialect piwikpro sessions of
// visitors, and reports of these. It runs inside a test stage and on its own.
//
// # Taking hits
//
//	GET  /{trackId}/wt?p=600,…   a Mapp hit, all parameters in the query
//	POST /{trackId}/wt           the same, in the body (text/plain or
//	                             application/x-www-form-urlencoded), the query or both
//
// A body of text/plain may hold several hits, one a line; each shares the query.
// The path /{trackId}/batch takes all that /{trackId}/wt takes.
//
// The answer is a transparent GIF of 1×1 pixels with status 200 and
// Cache-Control: no-store. A hit that is not well formed gets the same image,
// and a header that says why:
//
//	X-Pixelwitness-Refused: parameter eid must be 19 digits
//
// Of several hits it names the bad ones: "hit 2: parameter p is missing; hit 5:
// …". The good ones are kept as if they had come alone.
//
// Its record is kept too, marked as refused. A hit that could not be stored gets
// no image but status 503, so that a pixel sends it again. Pages of any origin
// may send, with credentials; what stands in Cookie headers is not read.
//
// A Mapp hit is well formed when the track ID has 15 digits; p has at least 9
// parts, beginning with the version and with the time of making (milliseconds
// since 1970) as its seventh; eid, where there is one, has 19 digits; nc, where
// there is one, is 1 and has no eid beside it; no parameter occurs twice; and
// everything is percent-encoded UTF-8 within [MaxQuery], [MaxBody],
// [MaxParameters] and [MaxHits].
//
// # Taking events
//
//	GET  /event?portal_id=&ec=&ea=&t=…   an event of the dialect antsomi
//	POST /event                          the same as a JSON object (application/json, or
//	                                     text/plain as beacons send it), or several:
//	                                     {"portal_id": …, "events": [{…}, …]}
//
// The answer to a GET is the image, to a POST status 204, both with the header
// when something is refused. What stands outside of a batch's events, and in the
// query of a POST, is shared by all.
//
// An event is well formed when it has portal_id (up to 64 letters, digits, dots,
// dashes and underlines, as prop_id), ec, ea (category and action) and t (when it
// was made, milliseconds since 1970 in 13 digits); uid, did and mid, where there
// are any (user ID, device, message ID), have 32 hexadecimal digits in lower case;
// sys, dims, dims.customers, dims.users and extra are JSON objects and items is a
// list. An event that identifies (extra.identify_id) must keep to [IdentityProblem].
//
// # Who is who
//
// A user ID is an anonymous profile from its first event, and an event counts once
// however often its message ID is delivered. The first identification to arrive
// fixes whose a user ID is; one as somebody else is a conflict, which is recorded
// and changes nothing. A user ID that was not identified itself belongs to the
// customer of the earliest identification that was made on one of its devices
// since it came there. That rule is applied whenever something arrives that can
// change it, so that the order of arrival decides nothing but conflicts. All that
// one request means happens in one transaction. See [Rules].
//
// What a browser says of the time is believed: a device whose clock is ahead gives
// values that stay the newest until the others' clocks get there. Journeys move to
// days that the clock of a collector on its own has not reached, so an identify time
// in its future is none to refuse.
//
// # Taking visits
//
//	GET  /ppms.php?idsite=&rec=1&ts=&uia=1&ses=…   a hit of the dialect piwikpro, of a visitor
//	                                               who has not agreed
//	GET  /ppms.php?idsite=&rec=1&ts=&_id=…         of one who has
//	GET  /ppms.php?…&ping=4&_id=&ses=              he agrees in the middle of the session ses
//	POST /ppms.php                                 the same in a body (text/plain or
//	                                               application/x-www-form-urlencoded), or several:
//	                                               {"requests": ["?idsite=…", …]}
//	GET  /consent/{site}.json                      {"site": "…", "anonymous_tracking": true}
//
// The answer to a hit is status 202 without a body, with the header when something is
// refused. All that one body means happens in one transaction. A bulk may have [MaxBulk]
// bytes and [MaxHits] hits, and takes no query.
//
// A hit is well formed when idsite is a UUID in lower case; rec is 1; ts, when it was made,
// is milliseconds since 1970 in 13 digits; _id, or else uia=1 with ses, says who it is, both
// 16 hexadecimal digits in lower case; and what else the dialect knows (uid, ping, pv_id, rand,
// res, lang, e_c, e_a, e_n, e_v, url, urlref, action_name) has its form. An event has e_c and
// e_a; without them it is a page view. A hit of a site that is not known is refused.
//
// A hit of a visitor who has not agreed, at a site that has anonymous data tracking off, is
// refused and nothing of it is kept, whatever else is wrong with it.
//
// A bulk with the collector's token as "token_auth" is an import where its requests have
// cip (the visitor's address) or cdt (when the hit arrived, milliseconds since 1970); where
// there is no token, this machine may import without one, but no page on it. An imported hit
// makes sessions and leaves no record of its own, and counts as often as it is imported.
//
// # Sessions
//
// A hit counts at the time when it was made, if that is within the 24 hours before it
// arrived; at the time of its arrival otherwise. The hits of one visitor ID, or of one
// temporary cookie, at one site are a session until nothing is heard for 30 minutes. It does
// not matter in which order they arrive: one that comes late may make a session longer,
// begin one before others, or join two. A session belongs to the day, UTC, that it began on. A
// hit with the ts, pv_id and rand of another of its site is the same one, sent again, and
// does not count, for an hour.
//
// ping=4 makes the anonymous session one of the visitor who has agreed, and what comes of
// that session later, too. It is no event: it neither begins a session nor lengthens one. The
// first ping=4 of a session counts. One for a session that has ended, or is another site's,
// changes nothing.
//
// The first session of a visitor ID at a site is a new visitor's, and each anonymous one; all
// others are returning visitors'. See [VisitorRules].
//
// Country and city come from the whole address. Then the address of a visitor who has not
// agreed is gone but for its family, 0.0.0.0 or ::. The address is the sender's, or behind
// Options.TrustedProxies the rightmost one of X-Forwarded-For that is no trusted proxy.
//
// # Reading back
//
// For requests from this machine: the remote address and the Host are loopback,
// and nothing shows that a proxy has put itself in between. A proxy that shows
// nothing of itself cannot be told from this machine: where one passes requests on,
// a token is needed. With Options.Token whoever reads needs it, on this machine too,
// as bearer token or as the password of Basic authentication.
//
//	GET    /_/hits?track=&dialect=&limit=&after=   {"hits": […], "next": 17}, in order of arrival
//	GET    /_/hits/{id}                            one hit
//	DELETE /_/hits                                 forget every hit; ids are not used again
//	DELETE /_/all                                  forget profiles, sessions and sites too, and a
//	                                               clock that was set
//	PUT    /_/clock                                {"now": "2026-01-02T03:04:05Z"} sets the clock, null sets
//	                                               it back; only where Options.SettableClock allows it
//
// Profiles are read back below /api/antsomi/ and shown below /antsomi/, sites, sessions and
// reports below /api/piwikpro/ and /piwikpro/; what is there is described in openapi.yaml, which
// /api/openapi.yaml answers with. A handler that a test stage puts behind TLS may also be asked for
// them under a name below .test: whoever controls the answers to a browser's questions for
// names can bend a name to this machine, but has no certificate for it.
//
// track keeps to one track ID or portal, dialect to one vendor's form, limit is 1 to 1000 (100 when left out), after is
// the id that the list goes on from; next is there when more follow. A hit's
// form is that of [Hit]. Problems are {"error": "…"} with a matching status.
//
//	GET /api/mapp/visits?track=   {"visits": 4, "anonymous": 1, "visitors": 2, "returning": 1}
//
// counts mapp's visits, of one track ID or of all; see [Visits] for what is one. It may
// also be asked for under any name over TLS, from this machine.
//
//	GET /_/health   {"status": "ok"}, or 503 when the store does not answer
//	GET /_/clock    {"now": "2026-01-02T03:04:05.000006Z"}: the clock that hits are stamped with
//
// # Stores
//
// Options.Store is an SQLite file, which is written ahead and synced at each
// commit, or a PostgreSQL database, which several collectors may share: they take
// turns. Hits that arrive while the disk is busy share a commit, and each is
// answered when it is durable. An event's sessions, attributes and counts hang on
// its user ID, and who that belongs to stands in one row: a merge writes a row or
// two for each user ID, however many events they have.
//
// Of piwikpro's sessions, a report is read from sums by day and place that change with each
// session, in its transaction.
//
// # What is kept
//
// No user agent and no cookie of anybody, and no address but that of a visitor of
// piwikpro who has agreed, in his sessions. A hit of the dialect mapp that is anonymous has
// no visitor, and its record none of the ever-id that it should not have carried. One of
// piwikpro has no visitor either, and its record holds neither the value of the temporary
// cookie nor anything that the dialect does not know. What joins the hits of such a session
// is a hash of that value, which goes within a minute after the session cannot go on: 30
// minutes after its last hit arrived. No line of the log, no answer and no error names the
// address of somebody who sent a hit.
//
// The answers carry no cookie, no ETag and no Last-Modified: nothing that a
// browser would give back.
package collector
