package check

// before is the finding where a collector that runs elsewhere kept the value already
// when the journey began: whoever brought it there, it need not have been the visitor
// of the step. nil where it did not, or nobody looked.
func (k keeping) before(s spotted) *finding {
	if k.beforehand == nil {
		return nil
	}
	for _, file := range k.trovesOf(k.beforehand) {
		if !k.spot(k.beforehand, file, []known{s.value}).found {
			continue
		}
		f := inconclusive("%s held it before the journey began, so it may have been kept of somebody else\nhint: let the collector begin with an empty store and an empty log", file.name)
		f = f.seen("what the collector keeps holds %s %s", s.value.value, s.value.from)
		return &f
	}
	return nil
}
