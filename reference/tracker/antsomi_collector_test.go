package tracker_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/tracker"
)

func TestTheCollectorTakesWhatTheSDKSends(t *testing.T) {
	t.Parallel()
	for transport, place := range map[string]string{"image": "query", "json": "json", "beacon": "text"} {
		for name, options := range map[string]string{"one by one": "", "together": batch} {
			t.Run(transport+", "+name, func(t *testing.T) {
				t.Parallel()
				expect := NewWithT(t)
				w := openShop(t, tracker.Options{})
				w.visit(home+"products?a=1&b=ä", site(options+", transport: '"+transport+"'",
					"web_event.track('shop', 'act', {dims: {users: {favourite: 'Schuhe für \"alle\"'}}, items: [{id: 1}]});"))
				w.run(signIn)
				w.pass(5 * time.Second)
				hits := deliver(t, w)
				expect.Expect(hits).To(HaveLen(3))
				for _, hit := range hits {
					expect.Expect(hit.Refused).To(BeEmpty())
					expect.Expect(hit.Dialect).To(Equal("antsomi"))
					if name == "one by one" {
						expect.Expect(hit.Transport).To(Equal(place))
					}
					expect.Expect(hit.Visitor).To(Equal(w.cookies()["_asm_uid"]))
					expect.Expect(hit.Track).To(Equal("33167"))
					expect.Expect(hit.Page).To(Equal(home + "products?a=1&b=ä"))
					expect.Expect(hit.Made.UnixMilli()).To(BeEquivalentTo(1750000000000))
				}
				expect.Expect(hits[1].Parameters["dims"]).To(MatchJSON(`{"users": {"favourite": "Schuhe für \"alle\""}}`))
				expect.Expect(hits[2].Parameters["extra"]).To(ContainSubstring(annasID))
			})
		}
	}
}

func TestTheCollectorRefusesWhatTheSDKWarnsOf(t *testing.T) {
	t.Parallel()
	for _, extra := range []string{
		"identify_id: 'anna@shop.test', identify_time: 1750000000000",
		"identify_id: '+49 30 1234567', identify_time: 1750000000000",
		"identify_id: '" + annasID + "'",
		"identify_id: '" + annasID + "', identify_time: 1750000000",
	} {
		expect := NewWithT(t)
		w := openShop(t, tracker.Options{})
		w.visit(home, site("", "web_event.track('user', 'sign_in', {extra: {"+extra+", identify_event: 'user_sign_in', identify_type: 'exact'}});"))
		expect.Expect(w.said()).To(ContainSubstring("the collector refuses"), extra)
		hits := deliver(t, w)
		expect.Expect(hits).To(HaveLen(2))
		expect.Expect(hits[0].Refused).To(BeEmpty())
		expect.Expect(hits[1].Refused).NotTo(BeEmpty(), extra)
	}
}
