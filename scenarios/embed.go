// Package scenarios holds the product's data: what the vendors' documents
// promise, the journeys that try it, and the pixels that they are tried on. The
// README beside it says how to add to each.
package scenarios

import "embed"

// FS holds the data as it stands in this folder: clauses/*.yaml, one folder of
// scenarios for each document, pixels/NAME/ with the skeleton pixels/_template/,
// and the schemas for editors under schema/. A file that is dropped into one of
// them is part of it without being named here.
//
//go:embed */*.yaml schema/*.json all:pixels
var FS embed.FS
