package evidence

// Presence is the threefold state of a parameter.
type Presence int

// The three states. They are never confused: `_id=` is not the same as no `_id`.
const (
	Absent Presence = iota
	Empty
	Present
)

// String returns "absent", "empty" or "present".
func (p Presence) String() string {
	switch p {
	case Empty:
		return "empty"
	case Present:
		return "present"
	}
	return "absent"
}

// Parameter is one named value that a request carries.
type Parameter struct {
	Name  string
	Value string
	// In says where it stood: "query", "body", "json", "multipart" or
	// "frame" (a WebSocket message). For a batch, Hit is the position of the
	// hit within it, from 0.
	In  string
	Hit int
}
