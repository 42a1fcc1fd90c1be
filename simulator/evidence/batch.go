package evidence

import (
	"slices"
	"strconv"
	"strings"
)

// ReadBatch decodes the request as Read does, and takes each element of the list of
// that name, such as "events", for a hit of its own: events.1.uid becomes the uid of
// the second one. What stands beside the list is carried by every one of them. A
// request without such a list, and any when the name is empty, is read as by Read.
func (r *Request) ReadBatch(list string) *Reading {
	reading := r.Read()
	if list != "" {
		reading.unbatch(list + ".")
	}
	return reading
}

// unbatch numbers the hits anew, so that each element of a list is one. The
// elements of one text follow each other; several texts may hold a list each.
func (r *Reading) unbatch(prefix string) {
	type element struct {
		hit   int
		index string
	}
	numbers, first := map[element]int{}, map[int]int{}
	elements := make([]element, len(r.Parameters)) // of each parameter; the index is empty outside of a list
	width := map[int]int{}                         // how many hits each of the former ones has become
	for i, p := range r.Parameters {
		rest, inside := strings.CutPrefix(p.Name, prefix)
		index, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(index); !inside || p.In == "query" || err != nil || n < 0 {
			continue
		}
		e := element{p.Hit, index}
		if _, known := numbers[e]; !known {
			numbers[e] = width[p.Hit]
			width[p.Hit]++
		}
		elements[i] = e
	}
	if len(width) == 0 {
		return
	}
	total := 0
	for hit := range r.Hits {
		first[hit] = total
		total += max(1, width[hit])
	}
	var parameters []Placed
	for i, p := range r.Parameters {
		e := elements[i]
		switch {
		case e.index != "":
			// An element that is no object has no name of its own.
			_, p.Name, _ = strings.Cut(strings.TrimPrefix(p.Name, prefix), ".")
			p.Hit = first[p.Hit] + numbers[e]
			parameters = append(parameters, p)
		case p.In == "query": // all hits share it as it is
			parameters = append(parameters, p)
		default:
			from, copies := first[p.Hit], max(1, width[p.Hit])
			if len(parameters)+copies > maxParameters {
				r.Unread = "it holds more parameters than can be read"
				copies = min(copies, 1)
			}
			for hit := range copies {
				p.Hit = from + hit
				parameters = append(parameters, p)
			}
		}
	}
	r.Parameters, r.Hits = slices.Clip(parameters), total
}
