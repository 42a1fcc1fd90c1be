package journey

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

const sessionsKey = "sessions."

// sessions reads the newest session that a collector shows, as the pixel's
// description says. What cannot be read as it says is an error, never an absence.
type sessions struct {
	pixel  *scenario.Pixel
	path   string
	each   *reach
	values map[string]*reach
	// before holds those that stood there before the journey, by ID: where days pass in
	// moments, another journey's may have begun later than this one's.
	before map[string]evidence.Session
}

// newSessions prepares to read the newest session of the plan's site; nil when no
// expectation asks for it.
func newSessions(plan *scenario.Plan) (*sessions, error) {
	if !plan.ReadsSession() {
		return nil, nil
	}
	where := plan.Pixel.Sessions
	s := &sessions{pixel: plan.Pixel, path: plan.Filled(where.Path), values: map[string]*reach{}}
	prepared := func(key, text, want string) (*reach, error) {
		r, err := newReach(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", plan.Pixel.At(sessionsKey+key), sessionsKey+key, err)
		}
		r.key, r.want = sessionsKey+key, want
		return r, nil
	}
	var err error
	if s.each, err = prepared("each", where.Each, "an object for each session"); err != nil {
		return nil, err
	}
	for name, text := range where.Values {
		if s.values[name], err = prepared("values."+name, text, "a text or a number"); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// read asks for the newest session that was not there before the journey, or not as it
// is. One without an ID means that the collector has none to show.
func (s *sessions) read(ctx context.Context, record func(ctx context.Context, path string) ([]byte, error)) (*evidence.Session, error) {
	a, list, err := s.list(ctx, record)
	if err != nil {
		return &evidence.Session{}, err
	}
	for _, one := range list {
		found, err := s.session(a, one)
		if err != nil {
			return nil, err
		}
		if then, there := s.before[found.ID]; !there || !then.Ended.Equal(found.Ended) || then.PageViews != found.PageViews {
			return found, nil
		}
	}
	return &evidence.Session{}, nil
}

// remember keeps the sessions that stand there before the journey.
func (s *sessions) remember(ctx context.Context, record func(ctx context.Context, path string) ([]byte, error)) error {
	a, list, err := s.list(ctx, record)
	if err != nil {
		return err
	}
	s.before = map[string]evidence.Session{}
	for _, one := range list {
		found, err := s.session(a, one)
		if err != nil {
			return err
		}
		s.before[found.ID] = *found
	}
	return nil
}

// list asks for the sessions, newest first.
func (s *sessions) list(ctx context.Context, record func(ctx context.Context, path string) ([]byte, error)) (*answer, []any, error) {
	body, err := record(ctx, s.path)
	if err != nil {
		return nil, nil, fmt.Errorf("read the newest session: %w", err)
	}
	a := &answer{pixel: s.pixel, path: s.path, body: body}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&a.value); err != nil {
		return nil, nil, a.wrong(sessionsKey+"path", "is that the path of a JSON document?", "a JSON document is wanted, and it is none: %v", err)
	}
	list, err := s.each.objects(a, "")
	return a, list, err
}

func (s *sessions) session(a *answer, session any) (*evidence.Session, error) {
	found := &evidence.Session{Values: map[string]string{}}
	for name, path := range s.values {
		text, err := path.textOrNothing(a, session)
		if err != nil {
			return nil, err
		}
		switch name {
		case scenario.SessionID:
			found.ID = text
		case scenario.SessionBegan:
			found.Began, err = moment(a, path, text)
		case scenario.SessionEnded:
			found.Ended, err = moment(a, path, text)
		case scenario.SessionPageViews:
			if found.PageViews, err = strconv.ParseInt(text, 10, 64); err != nil {
				err = a.wrong(path.key, "name a path that leads to a whole number", "%s selects %s, where a count is wanted", path, kind(text))
			}
		default:
			if text != "" {
				found.Values[name] = text
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if found.ID == "" {
		path := s.values[scenario.SessionID]
		return nil, a.wrong(path.key, "name a path that leads to the session's own name", "%s selects nothing in the newest session", path)
	}
	return found, nil
}

// moment reads a time as RFC 3339 has it.
func moment(a *answer, path *reach, text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, a.wrong(path.key, "name a path that leads to a time such as 2026-03-01T12:00:00Z", "%s selects %s, where a time is wanted", path, kind(text))
	}
	return at.UTC(), nil
}
