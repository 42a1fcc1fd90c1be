package evidence

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// contentCodings are those of RFC 9110 §8.4.1, brotli (RFC 7932) and zstd (RFC
// 8878).
var contentCodings = map[string]func([]byte) ([]byte, error){
	"gzip": gunzip, "x-gzip": gunzip, "deflate": inflate, "br": unbrotli, "zstd": unzstd,
}

func isGzip(b []byte) bool { return len(b) > 2 && b[0] == 0x1f && b[1] == 0x8b && b[2] == 8 }

func gunzip(b []byte) ([]byte, error) { return whole(unpackGzip(b, MaxUnpacked)) }

// inflate reads what "deflate" means by RFC 9110 §8.4.1.2 (zlib), and the raw
// deflate that some senders take it for.
func inflate(b []byte) ([]byte, error) {
	if content, err := whole(unpackZlib(b, MaxUnpacked)); err == nil {
		return content, nil
	}
	return whole(unpackDeflate(b, MaxUnpacked))
}

func unbrotli(b []byte) ([]byte, error) { return whole(unpackBrotli(b, MaxUnpacked)) }

func unzstd(b []byte) ([]byte, error) { return whole(unpackZstd(b, MaxUnpacked)) }

// whole drops content that did not unpack to its end.
func whole(content []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return content, nil
}

// errBomb is that of content which unpacks to more than the limit.
var errBomb = errors.New("it unpacks to more")

// The functions below unpack at most limit bytes. With an error they return what
// had been unpacked until then.

func unpackGzip(b []byte, limit int) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return readSome(z, limit)
}

func unpackZlib(b []byte, limit int) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return readSome(z, limit)
}

// unpackBareZlib passes over the header and does not mind the checksum.
func unpackBareZlib(b []byte, limit int) ([]byte, error) { return unpackDeflate(b[2:], limit) }

// The decoders are costly to make and most of what they are tried on is no
// packed content at all.
var (
	deflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}
	brotlis   = sync.Pool{New: func() any { return brotli.NewReader(nil) }}
	zstds     = sync.Pool{New: func() any {
		// One at a time, which needs no goroutine; the window is bounded by what
		// may be unpacked.
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(MaxUnpacked))
		if err != nil {
			panic(err) // only for options that contradict each other
		}
		return z
	}}
)

func unpackDeflate(b []byte, limit int) ([]byte, error) {
	z := deflaters.Get().(io.ReadCloser)
	defer deflaters.Put(z)
	if err := z.(flate.Resetter).Reset(bytes.NewReader(b), nil); err != nil {
		return nil, err
	}
	return readSome(z, limit)
}

func unpackBrotli(b []byte, limit int) ([]byte, error) {
	z := brotlis.Get().(*brotli.Reader)
	defer brotlis.Put(z)
	if err := z.Reset(bytes.NewReader(b)); err != nil {
		return nil, err
	}
	return readSome(z, limit)
}

func unpackZstd(b []byte, limit int) ([]byte, error) {
	z := zstds.Get().(*zstd.Decoder)
	defer zstds.Put(z)
	if err := z.Reset(bytes.NewReader(b)); err != nil {
		return nil, err
	}
	return readSome(z, limit)
}

func readSome(r io.Reader, limit int) ([]byte, error) {
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, int64(limit)+1))
	if n > int64(limit) {
		out.Truncate(limit)
		err = fmt.Errorf("%w than %d bytes", errBomb, limit)
	}
	return out.Bytes(), err
}

// mayBeBrotli reads the head of what may be brotli (RFC 7932 §9.1, §9.2), which
// has no mark: it refuses what the decoder would take much memory to refuse.
func mayBeBrotli(b []byte) bool {
	if len(b) < leastPacked {
		return false
	}
	bits, used := binary.LittleEndian.Uint64(b), 0
	take := func(n int) uint64 {
		value := bits >> used & (1<<n - 1)
		used += n
		return value
	}
	if take(1) == 1 && take(3) == 0 && take(3) == 1 {
		return false // no window is of that size
	}
	last := take(1) == 1
	if last && take(1) == 1 {
		return false // nothing in it
	}
	nibbles := 4 + int(take(2))
	if nibbles == 7 {
		return true // only metadata, so far
	}
	length := take(4*nibbles) + 1
	if nibbles > 4 && (length-1)>>(4*(nibbles-1)) == 0 {
		return false // written longer than needed
	}
	if last || take(1) == 0 {
		return true
	}
	padding := (8 - used%8) % 8
	return take(padding) == 0 && length <= uint64(len(b)-used/8)
}
