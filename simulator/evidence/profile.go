package evidence

// Profile is one profile that the collector was asked for at the end of a step.
type Profile struct {
	// By is how it was asked for: "customer" (by the identifier that the site
	// should have given), "visitor" (by a visitor ID), "raw-customer" (by a
	// customer's e-mail address or telephone number itself).
	By string `json:"by"`
	// ID is what was asked for.
	ID string `json:"id"`
	// Person is whose it is, of a customer: "second"; empty for the first.
	Person string `json:"person,omitempty"`
	// Found tells that there is such a profile; all below says nothing otherwise.
	Found bool `json:"found"`
	// CustomerID is the customer's identifier; empty for an anonymous visitor.
	CustomerID string `json:"customerID,omitempty"`
	// Marked tells that it is marked as a customer's.
	Marked bool `json:"marked,omitempty"`
	// UserIDs lists the visitor IDs that it holds, sorted.
	UserIDs []string `json:"userIDs,omitempty"`
	// Sessions counts its sessions; 0 where the pixel does not say where they stand.
	Sessions int `json:"sessions,omitempty"`
	// Events lists its events in the collector's order.
	Events []ProfileEvent `json:"events,omitempty"`
	// The attributes, by the collector's own names.
	CustomerAttributes map[string]string `json:"customerAttributes,omitempty"`
	SystemAttributes   map[string]string `json:"systemAttributes,omitempty"`
	CustomAttributes   map[string]string `json:"customAttributes,omitempty"`
}

// ProfileEvent is one event of a profile.
type ProfileEvent struct {
	// ID is the message ID; empty where the pixel sends none.
	ID string `json:"id,omitempty"`
	// VisitorID is the visitor ID under which it came, Name what the pixel calls it.
	VisitorID string `json:"visitorID"`
	Name      string `json:"name"`
	// Content is what else it says, by the names that the pixel's hits have for it,
	// such as "items.0.id"; nil where the pixel does not say where that stands.
	Content map[string]string `json:"content,omitempty"`
}

// Profile returns the snapshot's profile that was asked for in that way under that
// ID, or nil.
func (s *Snapshot) Profile(by, id string) *Profile {
	for i := range s.Profiles {
		if s.Profiles[i].By == by && s.Profiles[i].ID == id {
			return &s.Profiles[i]
		}
	}
	return nil
}
