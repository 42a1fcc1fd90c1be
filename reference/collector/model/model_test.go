package model_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/pixelwitness/pixelwitness/reference/collector/model"
)

const minute = 60 * 1000

// base is a time with 13 digits.
const base = 1_772_000_000_000

// view is an event, identify an identification, at so many minutes.
func view(uid, device string, at int64) model.Delivery {
	return model.Delivery{UID: uid, Device: device, MID: fmt.Sprintf("%s-%s-%d", uid, device, at), Name: "view", Made: base + at*minute}
}

func identify(uid, device, cid string, at int64) model.Delivery {
	d := view(uid, device, at)
	d.MID += "-" + cid
	d.Name, d.Identify, d.IdentifyTime = "sign_in", cid, fmt.Sprint(base+at*minute)
	return d
}

func with(d model.Delivery, change func(*model.Delivery)) model.Delivery {
	change(&d)
	return d
}

// owners writes down whose each user ID is, such as "u1=c1 u2=".
func owners(w model.World) string {
	var list []string
	for _, uid := range slices.Sorted(maps.Keys(w.Users)) {
		list = append(list, uid+"="+w.Users[uid].CID)
	}
	return strings.Join(list, " ")
}

func TestWhoIsWho(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		of   []model.Delivery
		want string
	}{
		{"nobody", []model.Delivery{view("u1", "d1", 0)}, "u1="},
		{"three visits", []model.Delivery{view("u1", "d1", 0), view("u2", "d1", 100), identify("u3", "d1", "c1", 200)}, "u1=c1 u2=c1 u3=c1"},
		{"another device", []model.Delivery{view("u1", "d1", 0), identify("u2", "d2", "c1", 1)}, "u1= u2=c1"},
		{"no device", []model.Delivery{view("u1", "", 0), identify("u2", "", "c1", 1)}, "u1= u2=c1"},
		{"what comes after", []model.Delivery{identify("u1", "d1", "c1", 0), view("u2", "d1", 1)}, "u1=c1 u2="},
		{"at the same moment", []model.Delivery{identify("u1", "d1", "c1", 1), view("u2", "d1", 1)}, "u1=c1 u2=c1"},
		{"between two people", []model.Delivery{identify("u1", "d1", "c1", 0), view("u2", "d1", 1), identify("u3", "d1", "c2", 2)}, "u1=c1 u2=c2 u3=c2"},
		{"before two people", []model.Delivery{view("u0", "d1", 0), identify("u3", "d1", "c2", 2), identify("u1", "d1", "c1", 1)}, "u0=c1 u1=c1 u3=c2"},
		{"at once, the smaller", []model.Delivery{view("u0", "d1", 0), identify("u3", "d1", "c2", 1), identify("u1", "d1", "c1", 1)}, "u0=c1 u1=c1 u3=c2"},
		{"on either device", []model.Delivery{view("u0", "d1", 0), view("u0", "d2", 5), identify("u1", "d2", "c2", 4), identify("u2", "d1", "c1", 9)},
			"u0=c1 u1=c2 u2=c1"},
		{"a direct claim takes it away", []model.Delivery{view("u0", "d1", 0), identify("u1", "d1", "c1", 1), identify("u0", "d1", "c2", 9)}, "u0=c2 u1=c1"},
		{"a conflict claims nothing", []model.Delivery{view("u0", "d2", 0), identify("u1", "d1", "c1", 1), identify("u1", "d2", "c2", 2)}, "u0= u1=c1"},
		{"a refused one claims nothing", []model.Delivery{view("u0", "d1", 0), identify("u1", "d1", "a@b.test", 1)}, "u0="},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			NewWithT(t).Expect(owners(model.Of(test.of))).To(Equal(test.want))
		})
	}
}

func TestAProfileHoldsWhatItsUserIDsHold(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	told := func(at int64, phone string) model.Delivery {
		return with(identify("u1", "d1", "c1", at), func(d *model.Delivery) {
			d.Customers = map[string]string{"customer_id": "c1", "phone": phone}
			d.Users, d.System = map[string]string{"likes": phone}, map[string]string{"language": phone}
		})
	}
	first, second, third := told(40, "old"), told(71, "new"), told(71, "newer")
	third.MID += "-again"
	w := model.Of([]model.Delivery{view("u0", "d1", 0), second, first, third, first, second, view("u9", "d9", 0)})
	expect.Expect(w.Customers).To(HaveLen(1))
	p := w.Customers["c1"]
	expect.Expect(p.UIDs).To(Equal([]string{"u0", "u1"}))
	expect.Expect(p.Devices).To(Equal([]string{"d1"}))
	expect.Expect(p.Events).To(HaveLen(4), "each once")
	expect.Expect(p.Sessions).To(Equal(3), "one of u0, and of u1 two with 31 minutes between")
	expect.Expect(p.Customer).To(Equal(map[string]string{"phone": "newer"}), "the newest, of two the later arrival")
	expect.Expect(p.Custom).To(Equal(map[string]string{"likes": "newer"}))
	expect.Expect(p.System).To(Equal(map[string]string{"language": "newer"}))
	expect.Expect(w.Users["u0"].Customer).To(BeEmpty(), "a user ID's own")
	expect.Expect(w.Users["u9"]).To(HaveField("CID", ""))
}

func TestAPauseOfThirtyMinutesIsNoneYet(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	expect.Expect(model.Of([]model.Delivery{view("u1", "d1", 30), view("u1", "d1", 0)}).Users["u1"].Sessions).To(Equal(1))
	late := with(view("u1", "d1", 30), func(d *model.Delivery) { d.Made++ })
	expect.Expect(model.Of([]model.Delivery{late, view("u1", "d1", 0)}).Users["u1"].Sessions).To(Equal(2))
}

func TestAConflictChangesNothing(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	before := []model.Delivery{identify("u1", "d1", "c1", 0), identify("u2", "d2", "c2", 0)}
	second := with(identify("u1", "d1", "c2", 1), func(d *model.Delivery) {
		d.Customers, d.Users = map[string]string{"phone": "1"}, map[string]string{"likes": "1"}
	})
	was, is := model.Of(before), model.Of(append(before, second))
	expect.Expect(is.Conflicts).To(Equal([]model.Conflict{{UID: "u1", ClaimedBy: "c1", CID: "c2", MID: second.MID}}))
	is.Conflicts = nil
	expect.Expect(is).To(Equal(was))
	expect.Expect(model.Of(append(before, identify("u1", "d1", "c3", 1))).Customers).NotTo(HaveKey("c3"))
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	given := func(change func(*model.Delivery)) model.Delivery { return with(identify("u1", "d1", "c1", 0), change) }
	attribute := func(name string) model.Delivery {
		return given(func(d *model.Delivery) { d.Customers = map[string]string{name: "c1"} })
	}
	for _, test := range []struct {
		d    model.Delivery
		want string
	}{
		{view("u1", "d1", 0), ""},
		{view("", "", 0), ""},
		{identify("u1", "d1", "c1", 0), ""},
		{identify("u1", "d1", "9d4e1e23bd5b727046a9e3b4b7db57bd", 0), ""},
		{identify("u1", "d1", "123456", 0), ""},
		{identify("u1", "d1", "1234567890123456", 0), ""},
		{attribute("customer_id"), ""},
		{identify("", "d1", "c1", 0), "no user ID"},
		{identify("u1", "d1", "sam@shop.test", 0), "a raw e-mail address"},
		{identify("u1", "d1", "+44 (20) 7946-0001", 0), "a raw telephone number"},
		{identify("u1", "d1", "1234567", 0), "a raw telephone number"},
		{attribute("email"), "a raw value of the customer's"},
		{attribute("phone"), "a raw value of the customer's"},
		{attribute("name"), "a raw value of the customer's"},
		{given(func(d *model.Delivery) { d.Customers = map[string]string{"customer_id": "c2"} }), "two customer IDs"},
		{given(func(d *model.Delivery) { d.IdentifyTime = "" }), "no time of identification"},
		{given(func(d *model.Delivery) { d.IdentifyTime = "1772000000" }), "no time of identification"},
		{given(func(d *model.Delivery) { d.IdentifyTime = "2026-03-02T12" }), "no time of identification"},
	} {
		expect := NewWithT(t)
		expect.Expect(model.Refusal(test.d)).To(Equal(test.want), "%+v", test.d)
		if test.want != "" {
			w := model.Of([]model.Delivery{test.d})
			expect.Expect(w.Refused).To(Equal(map[string]int{test.want: 1}))
			expect.Expect(len(w.Users) + len(w.Customers) + len(w.Conflicts)).To(BeZero())
		}
	}
}
