package scenario

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	generator "github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

const shippedData = "../../scenarios"

// schemas returns the published schemas, made anew from the Go types, their
// comments and the vocabulary.
func schemas(t testing.TB) map[string]*generator.Schema {
	t.Helper()
	r := &generator.Reflector{FieldNameTag: "yaml", Anonymous: true, ExpandedStruct: true}
	if err := r.AddGoComments("github.com/pixelwitness/pixelwitness/simulator/scenario", "./", generator.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	made := map[string]*generator.Schema{
		"scenario": r.Reflect(Scenario{}),
		"clauses":  r.Reflect(Catalogue{}),
		"pixel":    r.Reflect(Pixel{}),
	}
	for _, s := range made {
		for _, definition := range s.Definitions {
			forbidEmptyText(definition)
		}
		forbidEmptyText(s)
	}
	limitScenario(made["scenario"])
	limitCatalogue(made["clauses"])
	limitPixel(made["pixel"])
	return made
}

func forbidEmptyText(s *generator.Schema) {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if p.Value.Type == "string" {
			p.Value.Pattern = `\S`
		}
	}
}

// property returns the schema of one key.
func property(s *generator.Schema, key string) *generator.Schema {
	p, ok := s.Properties.Get(key)
	if !ok {
		panic("no key " + key)
	}
	return p
}

func count(n uint64) *uint64 { return &n }

func enum(words []Word) []any {
	var list []any
	for _, w := range words {
		list = append(list, w.Name)
	}
	return list
}

// roleSchema allows the roles that fit, and the family of categories.
func roleSchema(fits func(Word) bool) *generator.Schema {
	plain := func(w Word) bool { return fits(w) && w.Name != RoleCategory }
	s := &generator.Schema{AnyOf: []*generator.Schema{{Enum: enum(only(Roles(), plain))}}}
	if family, _ := find(Roles(), RoleCategory); fits(family) {
		s.AnyOf = append(s.AnyOf, &generator.Schema{Type: "string", Pattern: categoryPattern.String()})
	}
	return s
}

// choose limits a key to the words of a list, and explains them.
func choose(s *generator.Schema, key string, words []Word) {
	target := property(s, key)
	explained := target
	if target.Items != nil {
		target = target.Items
	}
	target.Type, target.Pattern, target.Enum = "string", "", enum(words)
	for _, w := range words {
		explained.Description += "\n" + w.Name + ": " + w.Meaning
	}
}

// described is the schema with the description of the key that it replaces.
func described(by *generator.Schema, s *generator.Schema) *generator.Schema {
	s.Description = by.Description
	return s
}

func idPattern() string { return `^[a-z][a-z0-9-]*\.` + namePattern.String()[1:] }

func limitScenario(s *generator.Schema) {
	property(s, "id").Pattern = idPattern()
	property(s, "title").MaxLength = count(longestTitle)
	choose(s, "requires", Features())
	property(s, "journey").MinItems = count(1)
	property(s, "expect").MinItems = count(1)
	property(s, "expect").UniqueItems = true
	config := s.Definitions["Config"]
	property(config, "suppress").Items = roleSchema(parameterWord)
	property(config, "customer").PropertyNames = roleSchema(customerWord)
	property(config, "literal").PropertyNames = &generator.Schema{Pattern: identifierPattern.String()}
	property(config, "literal").AdditionalProperties = &generator.Schema{Type: "string", Pattern: literalPattern.String()}
	choose(config, "delivery", Deliveries())
	choose(config, "site", Sites())
	property(config, "origins").PropertyNames = &generator.Schema{Pattern: namePattern.String()}
	property(s.Definitions["Origin"], "address").Pattern = `^(192\.0\.2|198\.51\.100|203\.0\.113)\.[0-9]{1,3}$|^2001:[dD][bB]8:[0-9A-Fa-f:]*$`
	limitReadings(property(s, "reading"))
	property(config, "shares").Items = roleSchema(sharedWord)
	property(config, "shares").UniqueItems = true
	property(config, "changes").MaxItems = count(mostChanges)
	property(config, "changes").Items = &generator.Schema{
		Type: "object", MinProperties: count(1), PropertyNames: roleSchema(attributeWord),
		AdditionalProperties: &generator.Schema{Type: "string", Pattern: `\S`},
	}
	property(config, "attributes").PropertyNames = &generator.Schema{Pattern: identifierPattern.String()}
	identification := s.Definitions["Identification"]
	for key, words := range map[string][]any{"of": {RoleEmail, RolePhone}, "by": {IdentityMD5, IdentitySHA256, IdentityRaw}} {
		property(identification, key).Enum, property(identification, key).Pattern = words, ""
	}
	property(s.Definitions["Anonymity"], "cookie").Pattern = cookieNamePattern.String()

	step := s.Definitions["Step"]
	property(step, "step").Pattern = namePattern.String()
	property(step, "open").Pattern = namePattern.String()
	property(step, "from").Pattern = namePattern.String()
	for key, words := range map[string][]Word{
		"do": Actions(), "go": Directions(), "tab": Lifecycles(), "collector": Collectors(), "network": Networks(),
		"script": Deliverables(), "ends": Endings(), "device": Devices(), "in": Tabs(), "forget": Stores(), "person": Persons(),
	} {
		choose(step, key, words)
	}
	conditions := &generator.Schema{Properties: generator.NewProperties()}
	for _, a := range (Step{}).acts() {
		only := &generator.Schema{Required: []string{a.key}, Properties: generator.NewProperties()}
		for _, other := range (Step{}).acts() {
			if other.key != a.key {
				only.Properties.Set(other.key, generator.FalseSchema)
			}
		}
		step.OneOf = append(step.OneOf, only)
		conditions.Properties.Set(a.key, generator.FalseSchema)
	}
	conditions.MinProperties = count(2)
	step.DependentRequired = map[string][]string{"person": {"open"}}
	step.OneOf = append(step.OneOf, conditions)
	span := func() *generator.Schema {
		return &generator.Schema{Type: "string", Pattern: lifetimePattern.String()}
	}
	step.Properties.Set("after", described(property(step, "after"), span()))

	e := s.Definitions["Expectation"]
	property(e, "at").Pattern = namePattern.String()
	property(e, "clause").Pattern = idPattern()
	e.Properties.Set("parameter", described(property(e, "parameter"), roleSchema(parameterWord)))
	cookie := roleSchema(cookieWord)
	cookie.AnyOf = append(cookie.AnyOf, &generator.Schema{Enum: []any{CookieAny}})
	e.Properties.Set("cookie", described(property(e, "cookie"), cookie))
	property(e, "request").Enum = []any{RequestAny}
	choose(e, "session", SessionValues())
	choose(e, "kept", KeptValues())
	e.Properties.Set("by", described(property(e, "by"), &generator.Schema{OneOf: []*generator.Schema{
		{Type: "integer", Minimum: json.Number("1")}, {Type: "string", Pattern: amountPattern.String()},
	}}))
	delete(s.Definitions, "Amount")
	identity := roleSchema(identityWord)
	identity.AnyOf = append(identity.AnyOf, &generator.Schema{Enum: []any{IdentityAny}})
	e.Properties.Set("identity", described(property(e, "identity"), identity))
	property(e, "identifier").Enum = []any{IdentityAny}
	property(e, "with").Pattern = namePattern.String()
	property(e, "unlike").Pattern = namePattern.String()
	choose(e, "record", Records())
	choose(e, "option", Options())
	choose(e, "profile", Profiles())
	e.Properties.Set("attribute", described(property(e, "attribute"), &generator.Schema{AnyOf: append(roleSchema(attributeWord).AnyOf, &generator.Schema{Enum: enum(Attributes())})}))
	choose(e, "among", Groups())
	choose(e, "is", States())
	e.Properties.Set("lasts", described(property(e, "lasts"), span()))
	delete(s.Definitions, "Lifetime")
	e.OneOf = []*generator.Schema{alternative([]string{"cookie", "lasts"}, nil, nil, "is", "among", "with", "unlike", "by")}
	for _, subject := range subjects {
		for _, states := range companions(subject.key, only(States(), subject.fits)) {
			required, without := []string{subject.key, "is"}, []string{"lasts"}
			if len(states.words) != 1 || states.words[0].Name != StateGrown {
				without = append(without, "by")
			}
			for _, key := range []string{"with", "unlike"} {
				if slices.Contains(states.with, key) {
					required = append(required, key)
				} else {
					without = append(without, key)
				}
			}
			groups := only(Groups(), subject.fits)
			if len(groups) == 0 {
				without = append(without, "among")
			}
			e.OneOf = append(e.OneOf, alternative(required, states.words, groups, without...))
		}
	}
}

type companion struct {
	words []Word
	with  []string
}

// companions sorts a subject's states by the steps that they are compared with.
func companions(subject string, states []Word) []companion {
	switch subject {
	case "identifier":
		return []companion{{states, []string{"with", "unlike"}}}
	case "record":
		grown := func(w Word) bool { return w.Name == StateGrown }
		return []companion{{only(states, grown), nil}, {only(states, func(w Word) bool { return !grown(w) }), nil}}
	case "profile":
		compared := func(w Word) bool { return w.Name == StateJoined || w.Name == StateApart }
		return []companion{
			{only(states, func(w Word) bool { return !compared(w) }), nil},
			{only(states, compared), []string{"with"}},
		}
	}
	return []companion{{states, nil}}
}

// alternative is one of the ways to write an expectation.
func alternative(required []string, states, groups []Word, without ...string) *generator.Schema {
	s := &generator.Schema{Required: required, Properties: generator.NewProperties()}
	if states != nil {
		s.Properties.Set("is", &generator.Schema{Enum: enum(states)})
	}
	if len(groups) > 0 {
		s.Properties.Set("among", &generator.Schema{Enum: enum(groups)})
	}
	for _, subject := range subjects {
		if subject.key != required[0] {
			without = append(without, subject.key)
		}
	}
	for _, key := range without {
		s.Properties.Set(key, generator.FalseSchema)
	}
	return s
}

func limitReadings(s *generator.Schema) {
	var ways []Word
	for _, r := range Readings() {
		s.Description += "\n" + r.Name + ": " + r.Meaning
		ways = append(ways, r.Ways...)
	}
	s.PropertyNames = &generator.Schema{Enum: enum(readingWords())}
	s.AdditionalProperties = &generator.Schema{Type: "string", Enum: enum(ways)}
}

func limitCatalogue(s *generator.Schema) {
	property(s, "document").Pattern = namePattern.String()
	property(s, "sha256").Pattern = sha256Pattern.String()
	property(s, "clauses").MinItems = count(1)
	c := s.Definitions["Clause"]
	property(c, "id").Pattern = idPattern()
	choose(c, "level", Levels())
	property(c, "quote").MaxLength = count(longestQuote)
	choose(c, "seen-at", Sights())
	property(c, "seen-at").MinItems = count(1)
	property(c, "seen-at").UniqueItems = true

	all := generator.NewProperties()
	all.Set("document", &generator.Schema{Const: AllDocument})
	withSource := generator.NewProperties()
	withSource.Set("clauses", &generator.Schema{Items: &generator.Schema{Required: []string{"sections", "quote"}}})
	s.If = &generator.Schema{Properties: all, Required: []string{"document"}}
	s.Else = &generator.Schema{Required: []string{"sha256"}, Properties: withSource}
}

func limitPixel(s *generator.Schema) {
	property(s, "name").Pattern = namePattern.String()
	property(s, "document").Pattern = namePattern.String()
	choose(s, "features", Features())
	property(s, "features").UniqueItems = true
	property(s, "settings").PropertyNames = &generator.Schema{Pattern: strings.TrimSuffix(namePattern.String(), "$") + `(\.(` + strings.Join(names(Sites()), "|") + `))?$`}
	limitReadings(property(s, "readings"))
	property(s, "console").PropertyNames = &generator.Schema{Pattern: namePattern.String()}
	property(s, "console").AdditionalProperties = &generator.Schema{Type: "string", Pattern: pathPattern.String()}
	property(s.Definitions["Action"], "then").MinItems = count(1)
	property(s.Definitions["Sessions"], "values").PropertyNames = &generator.Schema{Enum: append(enum(SessionValues()), SessionID, SessionBegan, SessionEnded, SessionPageViews)}
	property(s.Definitions["Sessions"], "values").Required = identifyingSession
	property(s.Definitions["KeptAnswers"], "read").MinItems = count(1)
	property(s.Definitions["KeptAnswers"], "read").UniqueItems = true
	property(s, "pages").PropertyNames = &generator.Schema{Pattern: namePattern.String()}
	property(s, "pages").AdditionalProperties = &generator.Schema{Type: "string", Pattern: pathPattern.String()}
	property(s, "pages").MinProperties = count(1)
	property(s, "actions").PropertyNames = &generator.Schema{Enum: enum(Actions())}
	property(s, "parameters").PropertyNames = roleSchema(parameterWord)
	property(s, "cookies").PropertyNames = roleSchema(cookieWord)
	property(s, "options").PropertyNames = &generator.Schema{Enum: enum(Options())}
	property(s, "options").AdditionalProperties = &generator.Schema{Type: "string", Pattern: identifierPattern.String()}
	property(s, "known-options").UniqueItems = true
	property(s, "records").PropertyNames = &generator.Schema{Enum: enum(Records())}
	property(s.Definitions["Record"], "value").Pattern = valuePattern.String()
	property(s.Definitions["Requests"], "batch").Pattern = valuePattern.String()
	place := s.Definitions["ProfilePlace"]
	for _, key := range []string{"path", "events"} {
		property(place, key).Pattern = `^/[^{}]*\{id\}[^{}]*$`
	}
	attributes := property(s.Definitions["Profile"], "attributes")
	attributes.PropertyNames = roleSchema(attributeWord)
	made := s.Definitions["Made"]
	property(made, "unit").Enum = enum(units)
	made.DependentRequired = map[string][]string{"separator": {"field"}, "field": {"separator"}}
	stage := s.Definitions["Stage"]
	for _, host := range []string{"site", "collector", "scripts", "console"} {
		property(stage, host).Pattern = hostPattern.String()
	}
	property(stage, "path").Pattern = pathPattern.String()
	property(stage, "settings").Pattern = strings.TrimSuffix(pathPattern.String(), "*$") + `+/$`
	property(s.Definitions["Deviation"], "clause").Pattern = idPattern()
	name := s.Definitions["Name"]
	choose(name, "setting", Settings())
	text := &generator.Schema{Type: "string", Pattern: `\S`}
	s.Definitions["Name"] = described(name, &generator.Schema{OneOf: []*generator.Schema{text, {
		Type: "object", Properties: name.Properties, Required: name.Required, AdditionalProperties: generator.FalseSchema,
	}}})
}

func schemaFile(name string) string {
	return filepath.Join(shippedData, "schema", name+".schema.json")
}

func TestSchemasFollowTheTypes(t *testing.T) {
	t.Parallel()
	for name, schema := range schemas(t) {
		var made bytes.Buffer
		encoder := json.NewEncoder(&made)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(schema); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(schemaFile(name), made.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(readText(t, schemaFile(name))), made.String()); diff != "" {
			t.Errorf("%s is not what the types say; run go test ./simulator/scenario -update (-file +types):\n%s", schemaFile(name), diff)
		}
	}
}

// compiled returns a schema ready to validate YAML files.
func compiled(t testing.TB, name string) *validator.Schema {
	t.Helper()
	text, err := json.Marshal(schemas(t)[name])
	if err != nil {
		t.Fatal(err)
	}
	doc, err := validator.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := validator.NewCompiler()
	if err := c.AddResource("mem:///"+name, doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("mem:///" + name)
}

func validate(schema *validator.Schema, text []byte) error {
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	doc, err := validator.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		return err
	}
	return schema.Validate(doc)
}

func TestGoodFilesFollowTheSchemas(t *testing.T) {
	t.Parallel()
	for _, root := range []string{shippedData, "testdata/library"} {
		lib, err := Load(os.DirFS(root), root)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]string{}
		for _, c := range lib.Catalogues {
			files["clauses"] = append(files["clauses"], c.File)
		}
		for _, sc := range lib.Scenarios {
			files["scenario"] = append(files["scenario"], sc.File)
		}
		if files["pixel"], err = filepath.Glob(filepath.Join(root, pixelsFolder, "*", pixelFile)); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"clauses", "scenario", "pixel"} {
			schema := compiled(t, kind)
			if len(files[kind]) == 0 {
				t.Errorf("%s: no file of the kind %s was looked at", root, kind)
			}
			for _, file := range files[kind] {
				if err := validate(schema, readText(t, file)); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
		}
	}
}

func TestShippedFilesNameTheirSchema(t *testing.T) {
	t.Parallel()
	seen := 0
	for pattern, kind := range map[string]string{"clauses/*.yaml": "clauses", "pixels/*/*.yaml": "pixel", "*/*.yaml": "scenario"} {
		list, err := filepath.Glob(filepath.Join(shippedData, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range list {
			if kind == "scenario" && filepath.Base(filepath.Dir(file)) == clausesFolder {
				continue
			}
			seen++
			relative, err := filepath.Rel(filepath.Dir(file), schemaFile(kind))
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(readText(t, file)), "\n")
			if want := "# yaml-language-server: $schema=" + filepath.ToSlash(relative); first != want {
				t.Errorf("%s: the first line is %q, want %q", file, first, want)
			}
		}
	}
	if seen < 4 {
		t.Errorf("only %d files were looked at", seen)
	}
}

// beyondSchema lists the broken files that a schema for editors accepts: what
// is wrong with them shows only beside other lines or files, or in YAML itself.
var beyondSchema = map[string]bool{
	"clauses-duplicate-id":                true,
	"clauses-wrong-document":              true,
	"pixel-cookie-name":                   true,
	"pixel-no-script":                     true,
	"pixel-reference-name":                true,
	"pixel-regexp":                        true,
	"pixel-script-outside":                true,
	"pixel-unknown-document":              true,
	"pixel-unnamed-setting":               true,
	"pixel-wrong-name":                    true,
	"scenario-absent-without-contrast":    true,
	"scenario-change-without-changes":     true,
	"scenario-shares-without-another":     true,
	"scenario-nobody-to-know":             true,
	"scenario-profile-without-witness":    true,
	"pixel-profile-not-said":              true,
	"pixel-console-without-host":          true,
	"pixel-console-without-pages":         true,
	"pixel-sessions-not-said":             true,
	"scenario-office-misfits":             true,
	"scenario-unrequired":                 true,
	"scenario-untouched-without-growth":   true,
	"scenario-anchor":                     true,
	"scenario-begins-with-action":         true,
	"scenario-clause-of-another-document": true,
	"scenario-directive":                  true,
	"scenario-duplicate-step":             true,
	"scenario-gone-without-earlier":       true,
	"scenario-unnamed-by-the-pixel":       true,
	"scenario-script-never-comes":         true,
	"scenario-no-page-to-go-to":           true,
	"scenario-given-without-value":        true,
	"scenario-id-of-another-document":     true,
	"scenario-merge-key":                  true,
	"scenario-resumed-without-gap":        true,
	"scenario-tag":                        true,
	"scenario-template":                   true,
	"scenario-unknown-clause":             true,
	"scenario-unknown-page":               true,
	"scenario-unknown-step":               true,
	"scenario-unnamed-action":             true,
	"scenario-unnamed-role":               true,
	"scenario-wrong-document":             true,
	"scenario-wrong-name":                 true,
}

func TestBrokenFilesAreRefusedByTheSchemas(t *testing.T) {
	t.Parallel()
	ready := map[string]*validator.Schema{}
	for _, kind := range []string{"clauses", "scenario", "pixel"} {
		ready[kind] = compiled(t, kind)
	}
	for _, fixture := range brokenFixtures(t) {
		name := strings.TrimSuffix(filepath.Base(fixture), yamlSuffix)
		kind, _, _ := strings.Cut(name, "-")
		if ready[kind] == nil {
			continue
		}
		err := validate(ready[kind], readText(t, fixture))
		if err == nil && !beyondSchema[name] {
			t.Errorf("%s: the schema accepts it", name)
		}
		if err != nil && beyondSchema[name] {
			t.Errorf("%s: the schema refuses it as well: take it off the list: %v", name, err)
		}
	}
}
