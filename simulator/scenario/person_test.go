package scenario

import (
	"testing"

	. "github.com/onsi/gomega"
)

// known is a scenario whose site knows two persons.
func known(steps ...Step) *Scenario {
	return &Scenario{
		Config: Config{
			Customer:   map[string]string{RoleEmail: "anna@shop.test", RolePhone: "+49 30 1", RoleGender: "f"},
			Changes:    []map[string]string{{RolePhone: "+49 30 2"}, {RolePhone: "+49 30 3", RoleName: "Anna"}},
			Attributes: map[string]string{"favourite": "shoes"},
		},
		Journey: steps,
	}
}

func TestWhomTheSiteKnows(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	sc := known(
		Step{Name: "a", Open: "home"},
		Step{Name: "b", Open: "home", Person: PersonSecond},
		Step{Name: "c", Do: ActionSignIn},
		Step{Name: "d", Open: "home", Device: DeviceSecond},
		Step{Name: "e", Open: "home", Person: PersonFirst},
		Step{Name: "f", Open: "home", Device: DeviceFirst},
		Step{Name: "g", Open: "home", Person: PersonFirst},
		Step{Name: "h", Do: ActionSignIn, Device: DeviceSecond},
	)
	var persons []string
	for i := range sc.Journey {
		persons = append(persons, sc.PersonAt(i))
	}
	g.Expect(persons).To(Equal([]string{"", "second", "second", "second", "", "second", "", ""}))
	g.Expect(sc.Persons()).To(Equal([]string{"", "second"}))
	g.Expect(known(Step{Open: "home", Person: PersonSecond}).Persons()).To(Equal([]string{"second"}))
}

func TestAnotherPersonHasOtherValues(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plan := &Plan{Scenario: known(Step{Open: "home"})}
	g.Expect(plan.Person("")).To(BeIdenticalTo(plan))
	g.Expect(plan.Person(PersonFirst)).To(BeIdenticalTo(plan))
	other := plan.Person(PersonSecond).Scenario.Config
	g.Expect(other.Customer).To(Equal(map[string]string{RoleEmail: "boob@shop.test", RolePhone: "+50 41 2", RoleGender: "m"}))
	g.Expect(other.Changes).To(Equal([]map[string]string{{RolePhone: "+50 41 3"}, {RolePhone: "+50 41 4", RoleName: "Boob"}}))
	g.Expect(other.Attributes).To(Equal(map[string]string{"favourite": "tipft"}))
	g.Expect(plan.Scenario.Config.Customer[RoleEmail]).To(Equal("anna@shop.test"), "the first person stays as he was")
	g.Expect(plan.Scenario.Config.Changes[0][RolePhone]).To(Equal("+49 30 2"))
}

// Two people of one name are two people: what they share is the same, whatever the
// salt, and all else tells them apart.
func TestTwoPeopleShareWhatTheConfigSays(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, salt := range []string{"", "journey 7"} {
		plan := &Plan{Scenario: known(Step{Open: "home"})}
		plan.Scenario.Config.Shares = []string{RolePhone, RoleGender}
		plan.Scenario.Config.Attributes[RoleGender] = "f"
		plan = plan.Salted(salt)
		own, other := plan.Scenario.Config, plan.Person(PersonSecond).Scenario.Config
		for _, role := range []string{RolePhone, RoleGender} {
			g.Expect(other.Customer[role]).To(Equal(own.Customer[role]), role)
		}
		g.Expect(other.Customer[RoleEmail]).NotTo(Equal(own.Customer[RoleEmail]))
		g.Expect(other.Changes[0]).To(Equal(own.Changes[0]))
		g.Expect(other.Changes[1][RoleName]).NotTo(Equal(own.Changes[1][RoleName]))
		g.Expect(other.Attributes).To(Equal(map[string]string{"favourite": "tipft", RoleGender: "m"}), "what the site says under names of its own is not shared")
		g.Expect(plan.Person(PersonSecond).CustomerID()).NotTo(Equal(plan.CustomerID()))
	}
}

// A backend that looks at what it is told must not refuse the second person.
func TestAnotherPersonsValuesAreValid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ role, value, want string }{
		{RoleBirthDate, "1987-04-21", "1988-04-21"},
		{RoleBirthDate, "1989-02-28", "1980-02-28"},
		{RoleBirthDate, "21 April 1987", "32 Bqsjm 2098"},
		{RoleGender, "male", "female"},
		{RoleGender, "diverse", "ejwfstf"},
		{RoleEmail, "not an address", "opu bo beesftt"},
		{"favourite", "a@b", "b@c"},
	} {
		NewWithT(t).Expect(otherValue(c.role, c.value)).To(Equal(c.want))
	}
}

func TestTheSitesIdentifier(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	// As md5sum and sha256sum write them.
	const (
		emailMD5, emailSHA256 = "4e5f18bcdc4c6cab3d2eb59da1db9719", "05f808bd51dcc9f98715f4fd1564f08283a0c69ca333a011f3dce400603136b5"
		phoneMD5, phoneSHA256 = "711f20a0a8bdb80f8c778f19087c206d", "58a4d5f5c554c04dd19b8055ee6d82a2a054500d4f3f317fcdeceb7808571006"
	)
	for _, c := range []struct {
		name     string
		identity *Identification
		id, raw  string
	}{
		{"unsaid", nil, emailMD5, "anna@shop.test"},
		{"half said", &Identification{By: IdentitySHA256}, emailSHA256, "anna@shop.test"},
		{"of the number", &Identification{Of: RolePhone}, phoneMD5, "+49 30 1"},
		{"raw", &Identification{Of: RolePhone, By: IdentityRaw}, "+49 30 1", "+49 30 1"},
	} {
		plan := &Plan{Scenario: known()}
		plan.Scenario.Config.Identity = c.identity
		g.Expect(plan.CustomerID()).To(Equal(c.id), c.name)
		g.Expect(plan.Scenario.RawCustomer()).To(Equal(c.raw), c.name)
		g.Expect(plan.Person(PersonSecond).CustomerID()).NotTo(Equal(c.id), c.name)
	}
	plan := &Plan{Scenario: known()}
	g.Expect(plan.HashedIDs()).To(Equal([]string{
		emailMD5, emailSHA256, phoneMD5, phoneSHA256,
	}))
	plan.Scenario.Config.Customer = map[string]string{RoleCustomerID: "42", RoleEmail: "anna@shop.test"}
	g.Expect(plan.CustomerID()).To(Equal("42"), "what the site gives is what it gives")
	plan.Scenario.Config.Customer = nil
	g.Expect(plan.CustomerID()).To(BeEmpty())
	g.Expect(plan.HashedIDs()).To(BeEmpty())
}

func TestWhatTheSiteGaveLast(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plan := &Plan{Scenario: known(
		Step{Name: "a", Open: "home"},
		Step{Name: "b", Do: ActionSignIn},
		Step{Name: "c", Do: ActionChange},
		Step{Name: "d", Do: ActionAct},
		Step{Name: "e", Do: ActionChangeAgain},
		Step{Name: "f", Open: PageAccount},
		Step{Name: "g", Open: PageAccount, Device: DeviceSecond},
	)}
	var phones, names []string
	for i := range plan.Scenario.Journey {
		phones = append(phones, plan.GivenLast(RolePhone, i))
		names = append(names, plan.GivenLast(RoleName, i))
	}
	g.Expect(phones).To(Equal([]string{"", "+49 30 1", "+49 30 2", "+49 30 2", "+49 30 3", "+49 30 1", "+50 41 2"}))
	g.Expect(names).To(Equal([]string{"", "", "", "", "Anna", "Anna", ""}), "a page that does not speak of it takes nothing back")
}

func TestWhatIsNoChoice(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, action := range names(Actions()) {
		step := Step{Do: action}
		g.Expect(step.Chooses() && step.Identifies()).To(BeFalse(), action)
	}
	g.Expect(Step{Do: ActionSignIn}.Identifies()).To(BeTrue())
	g.Expect(Step{Do: ActionSignOut}.Identifies()).To(BeFalse())
	g.Expect(Step{Do: ActionSignOut}.Chooses()).To(BeFalse())
	g.Expect(Step{Do: ActionOptOut}.Chooses()).To(BeTrue())
	g.Expect(Step{Open: "home"}.Identifies()).To(BeFalse())
}

func TestWhatAPageIsToldOfThePerson(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	page := Page{Config: known().Config}
	g.Expect(page.Identity()).To(Equal(Identification{Of: RoleEmail, By: IdentityMD5}))
	g.Expect(page.Changed(0, RolePhone)).To(Equal("+49 30 2"))
	g.Expect(page.Changed(1, RolePhone)).To(Equal("+49 30 3"))
	g.Expect(page.Changed(0, RoleName)).To(BeEmpty())
	g.Expect(page.Changed(1, RoleName)).To(Equal("Anna"))
	g.Expect(page.Changed(1, RoleEmail)).To(Equal("anna@shop.test"))
	g.Expect(page.Attributes()).To(HaveKeyWithValue("favourite", "shoes"))
	g.Expect(Page{}.Changed(0, RolePhone)).To(BeEmpty())
}

// An expectation of profiles is unsupported where nobody can read them; the others
// of the scenario are judged all the same.
func TestWhatOneExpectationLacks(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lib := loadTestLibrary(t)
	sc := *lib.Scenario("demo.stay")
	sc.Config = known().Config
	profile := Expectation{At: sc.Journey[0].Name, Profile: ProfileVisitor, Is: StatePresent, Clause: "demo.flag-sent"}
	attribute := Expectation{At: sc.Journey[0].Name, Attribute: RoleEmail, Is: StatePresent, Clause: "demo.flag-sent"}
	sc.Expect = append(sc.Expect[:len(sc.Expect):len(sc.Expect)], profile, attribute)
	plan, err := Bind(lib, &sc, lib.Pixel("demo"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(plan.Unsupported).To(BeEmpty())
	g.Expect(plan.Lacks(&sc.Expect[0])).To(BeEmpty())
	g.Expect(plan.Lacks(&profile)).To(Equal(FeatureProfileReadBack))
	g.Expect(plan.Lacks(&attribute)).To(Equal(FeatureProfileReadBack))
	g.Expect(plan.ReadsProfiles()).To(BeFalse())

	sc.Expect = []Expectation{profile, attribute}
	plan, err = Bind(lib, &sc, lib.Pixel("demo"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(plan.Unsupported).To(Equal([]string{FeatureProfileReadBack}), "there is nothing to walk for")

	pixel := *lib.Pixel("demo")
	pixel.Profile = &Profile{}
	_, err = Bind(lib, &sc, &pixel)
	g.Expect(err).To(MatchError(ContainSubstring(`the pixel demo names no attribute "email"`)))
	g.Expect(err).To(MatchError(ContainSubstring(`the pixel demo names no path to the attributes "customer-attributes"`)))
	pixel.Profile = &Profile{Values: ProfileValues{CustomerAttributes: "$.a"}, Attributes: map[string]string{RoleEmail: "mail"}}
	plan, err = Bind(lib, &sc, &pixel)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(plan.Unsupported).To(BeEmpty())
	g.Expect(plan.ReadsProfiles()).To(BeTrue())
	g.Expect(plan.Lacks(&profile)).To(BeEmpty())
	plan.Only = map[string]bool{"demo.visitor-omitted": true}
	g.Expect(plan.ReadsProfiles()).To(BeFalse(), "what is not judged is not read")
}

// A backend that outlives the journeys meets nobody twice.
func TestCustomersMadeAnew(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plan := &Plan{Scenario: known(Step{Open: "home"})}
	plan.Scenario.Config.Customer[RoleName] = "Anna Müller"
	g.Expect(plan.Salted("")).To(BeIdenticalTo(plan))
	one, again, other := plan.Salted("one"), plan.Salted("one"), plan.Salted("other")
	g.Expect(one.Salt).To(Equal("one"))
	g.Expect(one.Scenario.Config).To(Equal(again.Scenario.Config), "the salt decides")
	g.Expect(plan.Scenario.Config.Customer[RoleEmail]).To(Equal("anna@shop.test"), "the plan stays as it was")
	customer := one.Scenario.Config.Customer
	g.Expect(customer[RoleEmail]).To(MatchRegexp(`^[a-z]{4}@shop\.test$`))
	g.Expect(customer[RolePhone]).To(MatchRegexp(`^\+49 [0-9]{2} [0-9]$`))
	g.Expect(customer[RoleName]).To(MatchRegexp(`^[A-Z][a-z]{3} [A-Z]ü[a-z]{4}$`))
	g.Expect(customer[RoleGender]).To(Equal("f"))
	g.Expect(one.Scenario.Config.Changes).To(HaveLen(2))
	g.Expect(one.Scenario.Config.Changes[0]).NotTo(Equal(plan.Scenario.Config.Changes[0]))
	ids := map[string]bool{}
	for _, p := range []*Plan{plan, one, other} {
		ids[p.CustomerID()], ids[p.Person(PersonSecond).CustomerID()] = true, true
	}
	g.Expect(ids).To(HaveLen(6))
}
