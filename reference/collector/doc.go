// Package collector is the reference collector: it takes the hits of the
// reference trackers, says of each whether it is well formed, and keeps it for
// those who want to read it back. It runs inside a test stage and on its own.
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
// # Reading back
//
// For requests from this machine only: the remote address and the Host are
// loopback, and no proxy has put itself in between.
//
//	GET    /_/hits?track=&limit=&after=   {"hits": […], "next": 17}, in order of arrival
//	GET    /_/hits/{id}                   one hit
//	DELETE /_/hits                        forget every hit; ids are not used again
//
// track keeps to one track ID, limit is 1 to 1000 (100 when left out), after is
// the id that the list goes on from; next is there when more follow. A hit's
// form is that of [Hit]. Problems are {"error": "…"} with a matching status.
//
//	GET /api/mapp/visits?track=   {"visits": 4, "anonymous": 1, "visitors": 2, "returning": 1}
//
// counts visits, of one track ID or of all; see [Visits] for what is one. It may
// also be asked for under the collector's own name, from this machine.
//
//	GET /_/health   {"status": "ok"}, or 503 when the store does not answer
//	GET /_/clock    {"now": "2026-01-02T03:04:05.000006Z"}: the clock that hits are stamped with
//
// # What is kept
//
// No address, no user agent, no cookie of anybody. An anonymous hit has no
// visitor, and its record none of the ever-id that it should not have carried.
// The answers carry no cookie, no ETag and no Last-Modified: nothing that a
// browser would give back.
package collector
