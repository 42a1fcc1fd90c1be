package scenario

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// CheckQuotes returns the clauses whose quote does not stand in the document's
// text. White space is folded, since the text's line breaks mean nothing;
// everything else must be the same to the letter.
func CheckQuotes(c *Catalogue, text []byte) Problems {
	document := fold(string(text))
	var problems Problems
	for _, clause := range c.Clauses {
		if clause.Quote == "" || strings.Contains(document, fold(clause.Quote)) {
			continue
		}
		file, line := splitWhere(clause.Where)
		problems = append(problems, Problem{File: file, Line: line, Column: 1,
			Message: fmt.Sprintf("the quote of %s does not stand in the document: %s", clause.ID, shown(clause.Quote)),
			Hint:    "quote the document's own words; only white space may differ"})
	}
	return problems
}

func fold(text string) string { return strings.Join(strings.Fields(text), " ") }

// CheckDocuments compares the catalogues with the documents' texts in a folder:
// files *.txt, told apart by their SHA-256 alone. It returns the documents that
// were found, sorted, and what is wrong; a document that is not found is named
// as a problem.
func CheckDocuments(lib *Library, fsys fs.FS) (found []string, problems Problems) {
	texts := map[string][]byte{}
	list, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, Problems{{Message: fmt.Sprintf("the documents cannot be read: %v", cause(err))}}
	}
	for _, e := range list {
		if e.IsDir() || path.Ext(e.Name()) != ".txt" {
			continue
		}
		text, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			problems = append(problems, Problem{File: e.Name(), Message: fmt.Sprintf("cannot be read: %v", cause(err))})
			continue
		}
		texts[hexSHA256(text)] = text
	}
	for _, c := range lib.Catalogues {
		if c.Document == AllDocument {
			continue
		}
		text, ok := texts[c.SHA256]
		if !ok {
			problems = append(problems, Problem{File: c.File, Message: fmt.Sprintf("no text in the folder has the SHA-256 %s", c.SHA256),
				Hint: "the document is not there, or is another edition"})
			continue
		}
		found = append(found, c.Document)
		problems = append(problems, CheckQuotes(c, text)...)
	}
	slices.Sort(found)
	return found, problems.sorted()
}
