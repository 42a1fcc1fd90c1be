package collector

import (
	"encoding/json"
	"time"
)

// The scopes of attributes.
const (
	scopeCustomer = "customer"
	scopeSystem   = "system"
	scopeCustom   = "custom"
)

// traits are the current attributes of one scope by name, each with what gave it.
type traits map[string]trait

// trait is short of names because each event writes it anew.
type trait struct {
	Value string `json:"v"`
	// At is in milliseconds since 1970.
	At    int64 `json:"t"`
	Event int64 `json:"e"`
}

func decodeTraits(text string) (traits, error) {
	held := traits{}
	if text == "" || text == "{}" {
		return held, nil
	}
	return held, json.Unmarshal([]byte(text), &held)
}

func (held traits) encode() (string, error) {
	text, err := json.Marshal(held)
	return string(text), err
}

// maxTraits bounds the names of one scope that a user ID holds, since each event
// writes them anew. What comes under further names is in the history only.
const maxTraits = 1024

// take takes over the values that are newer than what is held.
func (held traits) take(newer func(held, given Statement) bool, given []Statement) {
	for _, s := range given {
		old, there := held[s.Name]
		if !there && len(held) < maxTraits || there && newer(old.statement(s.Scope, s.Name), s) {
			held[s.Name] = trait{s.Value, s.At.UnixMilli(), s.Event}
		}
	}
}

// add takes over what is newer of another user ID's.
func (held traits) add(newer func(held, given Statement) bool, scope string, others traits) {
	for name, t := range others {
		held.take(newer, []Statement{t.statement(scope, name)})
	}
}

func (t trait) statement(scope, name string) Statement {
	return Statement{scope, name, t.Value, time.UnixMilli(t.At).UTC(), t.Event}
}

// values are what the attributes are now.
func (held traits) values() map[string]string {
	values := make(map[string]string, len(held))
	for name, t := range held {
		values[name] = t.Value
	}
	return values
}
