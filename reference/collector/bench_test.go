package collector_test

import (
	"path/filepath"
	"testing"

	"github.com/pixelwitness/pixelwitness/reference/collector"
)

// BenchmarkHit measures what a hit costs from request to durable record: many
// at once in memory and in a file, and one after another as a journey sends them.
func BenchmarkHit(b *testing.B) {
	for _, store := range []string{"memory", "file"} {
		b.Run(store, func(b *testing.B) {
			opts := collector.Options{}
			if store == "file" {
				opts.Store = filepath.Join(b.TempDir(), "hits.db")
			}
			c := start(b, opts)
			b.ReportAllocs()
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if ask(c, "GET", hitPath+"&eid=1234567890123456789&cd=user&uc5=a&uc7=b").Code != 200 {
						b.Error("not taken")
					}
				}
			})
		})
	}
	b.Run("one after another", func(b *testing.B) {
		c := start(b, collector.Options{})
		for b.Loop() {
			ask(c, "GET", hitPath+"&eid=1234567890123456789&cd=user&uc5=a&uc7=b")
		}
	})
}

// BenchmarkNew measures what a collector costs that one visit has for itself.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		c, err := collector.New(collector.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
