package collector

// tailsOfIDs are the lengths of an ID's end by which sites of one name are told apart, the
// shortest that does it; the last is the whole ID.
var tailsOfIDs = []int{4, 8, 12, 36}

// marksOf tells sites of the same name apart: by the ends of their IDs, "…9a01". A site
// whose name is its own has none.
func marksOf(sites []Site) map[string]string {
	named := map[string][]string{}
	for _, s := range sites {
		// As they are seen: names may differ in what cannot be.
		name := visible(s.Name)
		named[name] = append(named[name], s.ID)
	}
	marks := map[string]string{}
	for _, ids := range named {
		if len(ids) < 2 {
			continue
		}
		for _, length := range tailsOfIDs {
			if distinct(ids, length) {
				for _, id := range ids {
					marks[id] = "…" + tail(id, length)
				}
				break
			}
		}
	}
	return marks
}

// distinct tells whether the ends of the IDs, of that length, all differ.
func distinct(ids []string, length int) bool {
	ends := map[string]bool{}
	for _, id := range ids {
		ends[tail(id, length)] = true
	}
	return len(ends) == len(ids)
}

func tail(id string, length int) string { return id[max(len(id)-length, 0):] }
