package explore_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pixelwitness/pixelwitness/simulator/explore"
	"github.com/pixelwitness/pixelwitness/simulator/scenario"
)

// journey reads steps from text: "open home day=2 | do opt-out | collector=failing".
func journey(t *testing.T, text string) []scenario.Step {
	t.Helper()
	var steps []scenario.Step
	for i, part := range strings.Split(text, "|") {
		s := scenario.Step{Name: "s" + string(rune('a'+i))}
		words := strings.Fields(part)
		for j := 0; j < len(words); j++ {
			key, value, condition := strings.Cut(words[j], "=")
			if !condition {
				j++
				value = words[j]
			}
			switch key {
			case "open":
				s.Open = value
			case "do":
				s.Do = value
			case "go":
				s.Go = value
			case "tab":
				s.Tab = value
			case "day":
				s.Day = int(value[0]-'0')*100 + int(value[1]-'0')*10 + int(value[2]-'0')
			case "after":
				var err error
				if s.After, err = scenario.ParseLifetime(value); err != nil {
					t.Fatal(err)
				}
			case "forget":
				s.Forget = strings.Split(value, ",")
			case "ends":
				s.Ends = value
			case "collector":
				s.Collector = value
			case "network":
				s.Network = value
			case "script":
				s.Script = value
			case "device":
				s.Device = value
			case "in":
				s.In = value
			default:
				t.Fatalf("no word of a step: %s", key)
			}
		}
		steps = append(steps, s)
	}
	return steps
}

var (
	yes, no = true, false

	optOut   = scenario.Config{Anonymity: &scenario.Anonymity{Enabled: &yes}}
	optIn    = scenario.Config{Anonymity: &scenario.Anonymity{Enabled: &yes, ByDefault: &yes}}
	halfHour = scenario.Config{Anonymity: &scenario.Anonymity{Enabled: &yes, Minutes: 30}}
	off      = scenario.Config{Anonymity: &scenario.Anonymity{Enabled: &no}}
	unsaid   = scenario.Config{}
	both     = scenario.Config{Anonymity: &scenario.Anonymity{ByDefault: &yes}}
)

func TestTheModelKnowsTheMode(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, journey, want string
		config              scenario.Config
	}{
		{"identifiable by default", "open home", "I", optOut},
		{"opted out", "open home | do opt-out | open products", "I A A", optOut},
		{"opted out and back", "open home | do opt-out | open home | do opt-back | open home", "I A A I I", optOut},
		{"opted out twice", "open home | do opt-out | do opt-out | do opt-back", "I A A I", optOut},
		{"taken back what was not given", "open home | do opt-back | open home", "I I I", optOut},
		{"an opt-out outlives days", "open home | do opt-out | open home day=300", "I A A", optOut},
		{"no browser keeps it longer", "open home | do opt-out | open home day=400", "I A ?", optOut},
		{"an opt-out expires", "open home | do opt-out | open home after=10m | open home after=2h", "I A A I", halfHour},
		{"near its end nobody knows", "open home | do opt-out | open home after=29m | open home after=10m | open home after=2h", "I A ? ? ?", halfHour},
		{"an emptied jar", "open home | do opt-out | open home forget=cookies | do opt-out | open home forget=everything", "I A I A I", optOut},
		{"another store", "open home | do opt-out | open home forget=local-storage,http-cache", "I A A", optOut},
		{"anonymous by default", "open home | do opt-in | open home | do withdraw | open home", "A I I A A", optIn},
		{"consent forgotten", "open home | do opt-in | open home forget=cookies", "A I A", optIn},
		{"function off", "open home | do opt-out | open home", "I I I", off},
		{"nothing said", "open home | do opt-out | open home", "I I I", unsaid},
		{"by default without the function", "open home", "?", both},
		{"a second tab shares the choice", "open home | open home in=second-tab | do opt-out | do act in=first-tab", "I I A A", optOut},
		{"another person does not", "open home | do opt-out | open home device=second | do opt-out | open home device=first | do opt-back | open home device=second", "I A I A A I A", optOut},
		{"clicked before the pixel came", "open home script=held | do opt-out | script=delivered | open home", "I I A A", optOut},
		{"clicked and delivered at once", "open home script=held | do opt-out script=delivered | open home", "I A A", optOut},
		{"clicked before the pixel came, and left", "open home script=held | do opt-out | open home script=delivered", "I I ?", optOut},
		{"chosen offline", "open home | do opt-out network=offline | network=online", "I A A", optOut},
		{"chosen in a hurry", "open home ends=at-once | do opt-out ends=at-once | open home", "I A A", optOut},
		{"hidden and shown", "open home | do opt-out | tab hidden | tab frozen | tab resumed | tab shown", "I A A A A A", optOut},
		{"back and forward", "open home | open products | do opt-out | go back | do opt-back | open products | go back | go forward", "I I A A I I I I", optOut},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			moments, err := explore.Trace(test.config, journey(t, test.journey))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range moments {
				got = append(got, map[explore.Mode]string{explore.Anonymous: "A", explore.Identifiable: "I", explore.Unknown: "?"}[m.Mode])
			}
			if diff := cmp.Diff(strings.Fields(test.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNobodyCanWalkWhatIsImpossible(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"do opt-out", "open home | go back", "open home | open home | go back", "open home | go forward",
		"open home | open products | go back | do act | go forward",
		"open home | tab shown", "open home | tab frozen", "open home | tab hidden | do opt-out", "open home | tab hidden | open home",
		"open home network=offline", "open home | network=offline | open home", "open home | network=online", "open home | collector=well",
		"open home | script=held", "open home | script=delivered", "open home script=held | open home script=held",
		"open home collector=slow | open home day=002", "open home | do act in=second-tab", "open home | do act day=002",
		"open home | do act device=second", "open home | tab hidden | tab frozen | after=10m",
	} {
		if _, err := explore.Trace(optOut, journey(t, text)); err == nil {
			t.Errorf("%q can be walked", text)
		}
	}
}

// What holds beside the mode, at one step each.
func TestTheModelKnowsWhatCanBeJudged(t *testing.T) {
	t.Parallel()
	last := func(config scenario.Config, text string) explore.Moment {
		moments, err := explore.Trace(config, journey(t, text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return moments[len(moments)-1]
	}
	for _, test := range []struct {
		name, journey string
		holds         func(explore.Moment) bool
	}{
		{"a settled page sends", "open home", func(m explore.Moment) bool { return m.Sends() && m.Loads && m.Calm }},
		{"a step that ends at once is not judged", "open home ends=at-once", func(m explore.Moment) bool { return !m.Settled }},
		{"after it nothing is calm", "open home ends=at-once | open home", func(m explore.Moment) bool { return !m.Calm && m.Hurried && m.Settled }},
		{"one settled step brings calm", "open home ends=at-once | open home | open home", func(m explore.Moment) bool { return m.Calm }},
		{"a failing collector brings none", "open home collector=failing | open home", func(m explore.Moment) bool { return !m.Calm && m.Sends() }},
		{"what cannot be reached hears nothing", "open home collector=unreachable", func(m explore.Moment) bool { return !m.Sends() }},
		{"offline nothing is settled", "open home | do act network=offline", func(m explore.Moment) bool { return !m.Settled }},
		{"a held script sends nothing", "open home script=held | do act", func(m explore.Moment) bool { return !m.Settled && !m.Acts }},
		{"its delivery is a page view", "open home script=held | script=delivered", func(m explore.Moment) bool { return m.Loads && m.Sends() }},
		{"a page of the history may send nothing", "open home | open products | go back", func(m explore.Moment) bool { return !m.Sends() && m.Settled }},
		{"the ID is in the jar before the opt-out's first hit", "open home | do opt-out | open home", func(m explore.Moment) bool {
			return m.StoredID && m.StoredSession && m.Identified && m.First
		}},
		{"and not after it", "open home | do opt-out | open home | open home", func(m explore.Moment) bool { return !m.StoredID && !m.First }},
		{"a session ends with the browser", "open home | do opt-out | open home day=002", func(m explore.Moment) bool { return m.StoredID && !m.StoredSession && m.Visit == 2 }},
		{"an emptied jar has none", "open home | do opt-out | open home forget=local-storage,cookies", func(m explore.Moment) bool { return !m.StoredID }},
		{"an ID must be fresh after anonymity", "open home | do opt-out | open home | do opt-back | open home", func(m explore.Moment) bool { return m.Fresh && m.Between }},
		{"and once only", "open home | do opt-out | open home | do opt-back | open home | open home", func(m explore.Moment) bool { return !m.Fresh }},
		{"not without a hit between", "open home | do opt-out | do opt-back | open home", func(m explore.Moment) bool { return !m.Fresh && !m.Between }},
		{"not when the choice itself may have made it", "open home | do opt-out | open home | open home script=held | do opt-back script=delivered | open home", func(m explore.Moment) bool {
			return !m.Fresh
		}},
		{"an ID must be fresh in an emptied jar", "open home | open home forget=cookies", func(m explore.Moment) bool { return m.Fresh }},
		{"not when a hasty page may have made it", "open home | open home forget=cookies ends=at-once | open home", func(m explore.Moment) bool { return !m.Fresh }},
		{"who comes back is known again", "open home | open home day=002", func(m explore.Moment) bool { return m.Returned }},
		{"not without his cookies", "open home | open home day=002 forget=cookies", func(m explore.Moment) bool { return !m.Returned }},
	} {
		if m := last(optOut, test.journey); !test.holds(m) {
			t.Errorf("%s: %s\n%+v", test.name, test.journey, m)
		}
	}
}
