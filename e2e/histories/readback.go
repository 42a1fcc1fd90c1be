package histories

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pixelwitness/pixelwitness/reference/collector/model"
	"github.com/pixelwitness/pixelwitness/simulator/population"
)

// backend is a collector under test, asked as a client asks it.
type backend struct {
	through http.RoundTripper
	portal  string
}

// inconsistency is the error of a collector that contradicts itself.
type inconsistency string

// Error says in what.
func (i inconsistency) Error() string { return string(i) }

func inconsistent(format string, args ...any) error {
	return inconsistency(fmt.Sprintf(format, args...))
}

const host = "https://collect.vendor.test"

// get reads a document. It tells whether there is one.
func (b backend) get(ctx context.Context, path string, q url.Values, into any) (bool, error) {
	if q == nil {
		q = url.Values{}
	}
	q.Set("portal_id", b.portal)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, host+path+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return false, err
	}
	response, err := b.through.RoundTrip(r)
	if err != nil {
		return false, err
	}
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusNotFound:
		return false, nil
	case http.StatusOK:
		return true, json.NewDecoder(response.Body).Decode(into)
	}
	return false, fmt.Errorf("%s answered %s", path, response.Status)
}

// profileJSON is a profile as the collector tells of it.
type profileJSON struct {
	UID        string   `json:"uid"`
	CID        string   `json:"cid"`
	Customer   bool     `json:"customer"`
	UserIDs    []string `json:"user_ids"`
	Devices    []string `json:"devices"`
	Events     int      `json:"events"`
	Sessions   int      `json:"sessions"`
	Attributes struct {
		Customer map[string]string `json:"customer"`
		System   map[string]string `json:"system"`
		Custom   map[string]string `json:"custom"`
	} `json:"attributes"`
}

type eventsJSON struct {
	Events []struct {
		MID    string    `json:"mid"`
		UID    string    `json:"uid"`
		Action string    `json:"action"`
		Made   time.Time `json:"made"`
	} `json:"events"`
	Next int64 `json:"next"`
}

// profile reads a profile at the path, with all its events; nil when there is none.
func (b backend) profile(ctx context.Context, path string) (*model.Profile, error) {
	var p profileJSON
	found, err := b.get(ctx, path, nil, &p)
	if err != nil || !found {
		return nil, err
	}
	read := &model.Profile{
		CID: p.CID, UIDs: p.UserIDs, Devices: p.Devices, Sessions: p.Sessions,
		Customer: p.Attributes.Customer, System: p.Attributes.System, Custom: p.Attributes.Custom,
	}
	if p.Customer != (p.CID != "") {
		return nil, inconsistent("%s is marked as a customer: %v, and its customer is %q", path, p.Customer, p.CID)
	}
	for after := int64(0); ; {
		var e eventsJSON
		// A small page, so that paging is used.
		if _, err := b.get(ctx, path+"/events", url.Values{"limit": {"7"}, "after": {strconv.FormatInt(after, 10)}}, &e); err != nil {
			return nil, err
		}
		for _, one := range e.Events {
			read.Events = append(read.Events, model.Event{MID: one.MID, UID: one.UID, Name: one.Action, Made: one.Made.UnixMilli()})
		}
		if after = e.Next; after == 0 {
			break
		}
	}
	if p.Events != len(read.Events) {
		return nil, inconsistent("%s counts %d events and lists %d", path, p.Events, len(read.Events))
	}
	return read, nil
}

// world reads what the collector knows of the user IDs and customers.
func (b backend) world(ctx context.Context, uids, cids []string) (model.World, error) {
	w := model.World{Customers: map[string]*model.Profile{}, Users: map[string]*model.Profile{}}
	for _, list := range []struct {
		kind string
		ids  []string
		into map[string]*model.Profile
	}{{"users", uids, w.Users}, {"customers", cids, w.Customers}} {
		for _, id := range list.ids {
			p, err := b.profile(ctx, "/api/antsomi/"+list.kind+"/"+url.PathEscape(id))
			if err != nil {
				return w, err
			}
			if p != nil {
				list.into[id] = p
			}
		}
	}
	var conflicts struct {
		Conflicts []struct {
			UID       string `json:"uid"`
			ClaimedBy string `json:"claimed_by"`
			CID       string `json:"cid"`
			Evidence  struct {
				MID string `json:"mid"`
			} `json:"evidence"`
		} `json:"conflicts"`
	}
	if _, err := b.get(ctx, "/api/antsomi/conflicts", url.Values{"limit": {"1000"}}, &conflicts); err != nil {
		return w, err
	}
	for _, c := range conflicts.Conflicts {
		w.Conflicts = append(w.Conflicts, model.Conflict{UID: c.UID, ClaimedBy: c.ClaimedBy, CID: c.CID, MID: c.Evidence.MID})
	}
	return w, nil
}

// merges reads how a user ID came to its customer, and wants it to lead there: each
// change from where the one before has led.
func (b backend) merges(ctx context.Context, uid, cid string) error {
	var list struct {
		Merges []struct {
			UID  string `json:"uid"`
			CID  string `json:"cid"`
			From string `json:"from"`
			Kind string `json:"kind"`
		} `json:"merges"`
	}
	if _, err := b.get(ctx, "/api/antsomi/users/"+url.PathEscape(uid)+"/merges", nil, &list); err != nil {
		return err
	}
	owner := ""
	for i, m := range list.Merges {
		if m.UID != uid || m.From != owner || m.CID == owner || (m.Kind == "moved") != (owner != "") {
			return inconsistent("merge %d of the user ID %s is %+v, who belonged to %q", i+1, uid, m, owner)
		}
		owner = m.CID
	}
	if owner != cid {
		return inconsistent("the user ID %s belongs to %q, and its merges lead to %q", uid, cid, owner)
	}
	return nil
}

// deliveries are what the model makes of requests: their hits, in order of arrival.
func deliveries(list []population.Delivery) []model.Delivery {
	var all []model.Delivery
	for _, d := range list {
		for _, h := range d.Hits {
			one := model.Delivery{
				UID: h.Visitor, Device: h.Device, MID: h.Message, Name: h.Action, Made: h.Made.UnixMilli(),
				Customers: h.Customer, Users: h.Custom, System: h.System,
			}
			if h.Identity != nil {
				one.Identify, one.IdentifyTime = h.Identity.ID, h.Identity.Time
			}
			all = append(all, one)
		}
	}
	return all
}

// comparable takes out of a world what the collector does not tell, and brings into
// one order what has none.
func comparable(w model.World) model.World {
	w.Refused = nil
	for _, profiles := range []map[string]*model.Profile{w.Users, w.Customers} {
		for _, p := range profiles {
			slices.SortFunc(p.Events, func(a, b model.Event) int {
				return cmp.Or(cmp.Compare(a.Made, b.Made), strings.Compare(a.MID, b.MID))
			})
		}
	}
	return w
}
