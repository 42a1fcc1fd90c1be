package journey

import (
	"context"
	"reflect"
	"time"

	"github.com/pixelwitness/pixelwitness/simulator/evidence"
)

// said is what the collector says of itself at one time.
type said struct {
	records  map[string]string
	profiles []evidence.Profile
	// at is when it was asked, since the journey began; zero when it was asked for
	// no profile.
	at time.Duration
	// session is the newest one; nil when it was not asked for.
	session *evidence.Session
	// answers holds what the collector gave back, as it was.
	answers []evidence.Kept
}

func (s said) equals(other said) bool {
	return reflect.DeepEqual(s.records, other.records) && reflect.DeepEqual(s.profiles, other.profiles) && reflect.DeepEqual(s.session, other.session)
}

// How a collector that works later than it answers is asked again: that often
// within the time for which it must stay the same, and for so many times that long.
const (
	hearings = 5
	patience = 10
)

// hear asks the collector for records and profiles. Where the pixel says that it
// works later than it answers, it is asked until its word has stood for as long as
// the pixel says; one that never comes to rest is taken at its last word.
func (j *walk) hear(ctx context.Context, d *device) (said, error) {
	latest, err := j.ask(ctx, d)
	if err != nil || j.profiles == nil || j.profiles.where.Settles.Span() == 0 {
		return latest, err
	}
	quiet := j.profiles.where.Settles.Span()
	again := time.NewTicker(quiet / hearings)
	defer again.Stop()
	for same, asked := 0, 0; same < hearings && asked < hearings*patience; asked++ {
		select {
		case <-again.C:
		case <-ctx.Done():
			return latest, context.Cause(ctx)
		}
		now, err := j.ask(ctx, d)
		if err != nil {
			return latest, err
		}
		if same++; !now.equals(latest) {
			same = 0
		}
		latest = now
	}
	return latest, nil
}

// hearing is how long the collector may be asked.
func (j *walk) hearing() time.Duration {
	if j.profiles == nil {
		return 0
	}
	return patience * j.profiles.where.Settles.Span()
}

func (j *walk) ask(ctx context.Context, d *device) (said, error) {
	var now said
	var err error
	if j.profiles != nil {
		now.at = j.options.Now().Sub(j.began)
	}
	record := func(ctx context.Context, path string) ([]byte, error) {
		body, err := d.wire.Record(ctx, path)
		if err == nil {
			now.answers = append(now.answers, answerOf(path, body))
		}
		return body, err
	}
	if now.records, err = j.read(ctx, record); err != nil {
		return now, err
	}
	if j.sessions != nil {
		if now.session, err = j.sessions.read(ctx, record); err != nil {
			return now, err
		}
	}
	now.profiles, err = j.readProfiles(ctx, d)
	return now, err
}
