package scenario

// At returns the place of a key of the pixel's pixel.yaml, such as
// "profile.values.marked", as "file:line": of what holds the key where the file does
// not have it, and only the file's name for a pixel that was not loaded from one.
func (p *Pixel) At(key string) string { return p.where(key) }

// Nearest returns the candidate that is spelt most like the word, or "" when none is
// near.
func Nearest(word string, candidates []string) string { return nearest(word, candidates) }
