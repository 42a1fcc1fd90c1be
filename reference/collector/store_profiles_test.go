package collector

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// seen is an event of a user ID on device d of portal 1, made that many hours
// after the first; who is a customer's ID that it gives, or "".
func seen(uid, mid, who string, hours int) arrival {
	at := time.UnixMilli(1750000000000).UTC()
	e := &Incoming{Portal: "1", Event: Event{
		MessageID: mid, UID: uid, Device: "d", Category: "c", Action: "a", Made: at.Add(time.Duration(hours) * time.Hour), Received: at,
	}, SystemAttributes: map[string]string{"language": "en"}}
	if who != "" {
		e.Identify = &Identity{CID: who, Time: e.Made}
	}
	return arrival{hit: Hit{Dialect: "antsomi", Track: "1", Received: at}, event: e}
}

// A merge writes as much for user IDs of one event as for those of many.
func TestAMergeWritesNoEvents(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	written := func(users, events int) (rows int) {
		s := closing(t, "")
		for u := range users {
			for e := range events {
				expect.Expect(s.add(t.Context(), seen(fmt.Sprint("u", u), "", "", e))).To(Succeed())
			}
		}
		count := func() (n int) {
			expect.Expect(s.write.QueryRow("SELECT total_changes()").Scan(&n)).To(Succeed())
			return n
		}
		before := count()
		expect.Expect(s.add(t.Context(), seen("new", "", "anna", events))).To(Succeed())
		rows = count() - before
		p, err := s.profile(t.Context(), Owner{CID: "anna"})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(p.Events).To(Equal(users*events + 1))
		return rows
	}
	two := written(2, 1)
	expect.Expect(written(2, 50)).To(Equal(two))
	expect.Expect(written(12, 1)-two).To(Equal(10*2), "a row of the user ID's and one of the history for each")
}

// What is looked up for a hit, an ID or a device is found by an index.
func TestLookUpsAreIndexed(t *testing.T) {
	t.Parallel()
	s := closing(t, "")
	of := Owner{Portal: "1", CID: "anna"}
	statements := map[string]int{s.engine.findState: 5, findIdentification: 3, findUsersOnDevice: 2, giveUser: 4}
	for _, query := range []*ask{
		s.ofOwner(selectEvents, of).where("id > ", 1).order(sorted, 10), s.ofOwner("SELECT count(*) FROM sessions", of),
		s.ofOwner("SELECT did FROM presence", of), s.ofOwner(selectEvents, Owner{Portal: "1", UID: "u"}).order(sorted, 10),
		asking(selectUsers).where("portal = ", "1").where("cid = ", "anna"), asking("SELECT portal FROM users").where("uid = ", "u"),
		asking("SELECT portal FROM customers").where("cid = ", "anna"),
		asking("SELECT id FROM merges").where("portal = ", "1").where("(cid = ", "anna", " OR prior = ", "anna", ")").order(sorted, 0),
	} {
		statements[query.text()] = len(query.arguments)
	}
	for statement, arguments := range statements {
		rows, err := s.read.Query("EXPLAIN QUERY PLAN "+statement, make([]any, arguments)...)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(strings.Join(plan, "; "), "SCAN CONSTANT ROW", "")
		text = strings.ReplaceAll(text, "SCAN sqlite_sequence", "") // one row for each table
		text = strings.ReplaceAll(text, "SCAN one", "")             // the row that is joined to
		if strings.Contains(text, "SCAN") || strings.Contains(text, "(portal=?") || !strings.Contains(text, "SEARCH") {
			t.Errorf("%s:\n%s", statement, text)
		}
	}
}

// Two collectors that share a database take turns: an event that reaches both
// counts once, and neither undoes what the other has joined.
func TestTwoCollectorsShareADatabase(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	place := NewDatabase(t)
	stores := make([]*store, 2)
	var opened sync.WaitGroup
	for i := range stores {
		opened.Go(func() { stores[i] = closing(t, place) }) // both bring the tables up to date
	}
	opened.Wait()
	if stores[0] == nil || stores[1] == nil {
		t.Fatal("not opened")
	}
	var all sync.WaitGroup
	for u := range 20 {
		for _, s := range stores {
			all.Go(func() {
				for n := range 5 {
					who := ""
					if u == 19 {
						who = "anna"
					}
					if err := s.add(t.Context(), seen(fmt.Sprint("u", u), fmt.Sprint(u, "-", n), who, n)); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	for _, s := range stores {
		p, err := s.profile(t.Context(), Owner{CID: "anna"})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(p.UserIDs).To(HaveLen(20))
		expect.Expect(p.Events).To(Equal(100))
		events, err := s.events(t.Context(), Owner{CID: "anna"}, Page{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(events.Events).To(HaveLen(100))
		hits, err := s.hits(t.Context(), Query{})
		expect.Expect(err).NotTo(HaveOccurred())
		expect.Expect(hits).To(HaveLen(200))
	}
}

// What a server cannot keep as text is kept in its place.
func TestTextThatNoServerTakesIsKept(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	s := closing(t, NewDatabase(t))
	bad := Hit{Dialect: "mapp", Track: "\xff\x00", Page: "a\x00b", Parameters: map[string]string{"p\x00": "\x00", "ct": "x"}}
	expect.Expect(s.add(t.Context(), arrival{hit: bad})).To(Succeed())
	hits, err := s.hits(t.Context(), Query{})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(hits[0].Page).To(Equal("a\uFFFDb"))
	expect.Expect(hits[0].Parameters).To(Equal(map[string]string{"p\uFFFD": "\uFFFD", "ct": "x"}))
	_, err = s.visits(t.Context(), "")
	expect.Expect(err).NotTo(HaveOccurred())
}

func TestPasswordsAreNotShown(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"postgres://c:secret@db.example/hits":            "postgres://c:xxxxx@db.example/hits",
		"postgres://db.example/hits?password=secret&a=1": "postgres://db.example/hits?a=1&password=xxxxx",
		"postgres://c:sec%ret@db.example/hits":           "postgres://…",
		"postgres:///hits?host=/run":                     "postgres:///hits?host=%2Frun",
	} {
		got := redacted(address)
		if strings.Contains(got, "sec") || want != got && !strings.Contains(address, "host") {
			t.Errorf("%s is shown as %s, not as %s", address, got, want)
		}
	}
}

// A server that has ended the connection is asked again on another one.
func TestAConnectionThatHasEndedIsReplaced(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	s := closing(t, NewDatabase(t))
	expect.Expect(s.add(t.Context(), seen("u", "1", "", 0))).To(Succeed())
	var ended int
	expect.Expect(s.read.QueryRow(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&ended)).To(Succeed())
	expect.Expect(ended).To(BeNumerically(">", 0))
	expect.Expect(s.add(t.Context(), seen("u", "2", "", 1), seen("u", "1", "", 0))).To(Succeed())
	p, err := s.profile(t.Context(), Owner{UID: "u"})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(p.Events).To(Equal(2))
}

// One change that a server cannot do harms no other of its transaction.
func TestAServerRefusesOneOfManyChanges(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	s := closing(t, NewDatabase(t))
	held, release := make(chan struct{}), make(chan struct{})
	results := make([]pending, 5)
	for i := range results {
		results[i] = pending{result: make(chan error, 1), change: func(w *work) error {
			switch i {
			case 0:
				close(held)
				<-release
				return nil
			case 3:
				return w.exec("INSERT INTO nowhere VALUES (1)")
			}
			return w.take(s.engine, s.rules, *seen(fmt.Sprint("u", i), "", "", 0).event)
		}}
	}
	expect.Expect(s.commits.enqueue(t.Context(), results[0])).To(Succeed())
	<-held
	for _, p := range results[1:] {
		expect.Expect(s.commits.enqueue(t.Context(), p)).To(Succeed())
	}
	close(release)
	for i, p := range results {
		if err := <-p.result; (err != nil) != (i == 3) {
			t.Errorf("change %d: %v", i, err)
		}
	}
	list, err := s.profiles(t.Context(), ProfileQuery{})
	expect.Expect(err).NotTo(HaveOccurred())
	expect.Expect(list.Profiles).To(HaveLen(3))
}

func TestNamesOfAttributesAreBounded(t *testing.T) {
	t.Parallel()
	expect := NewWithT(t)
	held := traits{}
	for n := range 2 * maxTraits {
		held.take(IsNewer, []Statement{{Name: fmt.Sprint(n), Value: "old"}})
	}
	held.take(IsNewer, []Statement{{Name: "0", Value: "new", Event: 1}})
	expect.Expect(held).To(HaveLen(maxTraits))
	expect.Expect(held["0"].Value).To(Equal("new"))
}
