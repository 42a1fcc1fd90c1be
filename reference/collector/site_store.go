package collector

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// plantSites gives a store that has no site the example ones.
func (w *work) plantSites() error {
	for _, s := range ExampleSites() {
		if err := w.exec(insertSite, s.ID, s.Name, s.AnonymousTracking); err != nil {
			return err
		}
	}
	return nil
}

// plant gives a new store the sites that it begins with.
func (s *store) plant(ctx context.Context) error {
	var some bool
	if err := s.write.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sites)").Scan(&some); err != nil || some {
		return err
	}
	return s.engine.transact(ctx, (*work).plantSites)
}

func (s *store) sites(ctx context.Context) ([]Site, error) {
	return all(ctx, s.read, "sites", asking(selectSites).order("name, id", 0), readSite)
}

func readSite(scan func(...any) error) (Site, error) {
	var s Site
	err := scan(&s.ID, &s.Name, &s.AnonymousTracking)
	return s, err
}

func (s *store) site(ctx context.Context, id string) (Site, error) {
	site, err := readSite(s.read.QueryRowContext(ctx, selectSites+" WHERE id = $1", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Site{}, ErrNoSite
	}
	if err != nil {
		return Site{}, fmt.Errorf("read a site: %w", err)
	}
	return site, nil
}

// setSite keeps a site, a new one or one with other settings, saved at that time.
func (s *store) setSite(ctx context.Context, rules VisitorRules, given Site, now time.Time) error {
	given.Name = strings.TrimSpace(given.Name)
	if problem := siteProblem(given); problem != "" {
		return fmt.Errorf("%w: %s", ErrBadSite, problem)
	}
	return s.commits.do(ctx, func(w *work) error {
		held := map[string]*knownSite{}
		if err := w.askSites(s.engine, []string{given.ID}, held); err != nil {
			return err
		}
		if err := w.answers(); err != nil {
			return err
		}
		before := Site{}
		if known := held[given.ID]; known != nil {
			before = known.Site
		}
		kept := rules.Save(before, given)
		return w.exec(saveSite, kept.ID, kept.Name, kept.AnonymousTracking, now.UnixMilli())
	})
}

func siteProblem(s Site) string {
	var badID, badName string
	if !isUUID(s.ID) {
		badID = "its ID must be a UUID in lower case"
	}
	if !isName(s.Name) {
		badName = "its name must be " + longName
	}
	return cmp.Or(badID, badName)
}

// knownSite is a site, and its number.
type knownSite struct {
	Site
	number int64
}

// askSites asks for the sites that have these IDs.
func (w *work) askSites(engine engine, ids []string, found map[string]*knownSite) error {
	return w.ask(func(scan func(...any) error) error {
		var s knownSite
		err := scan(&s.number, &s.ID, &s.Name, &s.AnonymousTracking)
		found[s.ID] = &s
		return err
	}, engine.visits.sites, listed(ids))
}

// listed is a list as the statements take it.
func listed[T any](list []T) string {
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // of texts and numbers there is no such list
	}
	return string(text)
}
