// gzip (ISA-L) and zstd, step by step between buffers of the caller's. Several members or frames in a row are one
// stream; anything else after the last one is an error.
#pragma once

#include "failure.h"

#include <cstring>
#include <isa-l/igzip_lib.h>
#include <memory>
#include <string>
#include <vector>
#include <zstd.h>

namespace codec {

enum class Kind { none, gzip, zstd, unsupported };

constexpr size_t magicBytes = 6;

/// What the first bytes of a stream say (fewer than magicBytes only when it ends before).
inline Kind detect(const char *data, size_t size) {
  auto begins = [&](const char *magic, size_t length) { return size >= length && memcmp(data, magic, length) == 0; };
  if (begins("\x1f\x8b", 2))
    return Kind::gzip;
  if (begins("\x28\xb5\x2f\xfd", 4) ||
      (size >= 4 && (data[0] & 0xf0) == 0x50 && memcmp(data + 1, "\x2a\x4d\x18", 3) == 0))
    return Kind::zstd;
  if (begins("\xfd"
             "7zXZ",
             5) ||
      begins("BZh", 3) || begins("\x04\x22\x4d\x18", 4))
    return Kind::unsupported;
  return Kind::none;
}

struct Input {
  const char *data;
  size_t size;
};
struct Output {
  char *data;
  size_t size;
};

class Decoder {
public:
  Decoder() = default;
  Decoder(const Decoder &) = delete;
  Decoder &operator=(const Decoder &) = delete;
  virtual ~Decoder() = default;
  /// Takes from `in` and gives to `out` as much as it can, and moves both on.
  virtual error::Failure step(Input &in, Output &out) = 0;
  /// Whether the stream may end here.
  virtual bool isComplete() const = 0;

protected:
  static error::Failure broken(const char *detail) {
    return error::with(EBADMSG, "decompress", {}, detail);
  }
};

class PlainDecoder : public Decoder {
public:
  error::Failure step(Input &in, Output &out) override {
    size_t size = in.size < out.size ? in.size : out.size;
    memcpy(out.data, in.data, size);
    in = {in.data + size, in.size - size};
    out = {out.data + size, out.size - size};
    return {};
  }
  bool isComplete() const override {
    return true;
  }
};

class GzipDecoder : public Decoder {
public:
  GzipDecoder() : state(std::make_unique<struct inflate_state>()) {
    isal_inflate_init(state.get());
    state->crc_flag = ISAL_GZIP;
  }
  error::Failure step(Input &in, Output &out) override {
    if (isComplete()) {
      if (in.size == 0)
        return {};
      if (in.data[0] != '\x1f')
        return broken("something that is not gzip follows the gzip data");
      isal_inflate_reset(state.get());
      state->crc_flag = ISAL_GZIP;
    }
    state->next_in = reinterpret_cast<uint8_t *>(const_cast<char *>(in.data));
    state->avail_in = static_cast<uint32_t>(in.size);
    state->next_out = reinterpret_cast<uint8_t *>(out.data);
    state->avail_out = static_cast<uint32_t>(out.size);
    int result = isal_inflate(state.get());
    in = {in.data + (in.size - state->avail_in), state->avail_in};
    out = {out.data + (out.size - state->avail_out), state->avail_out};
    switch (result) {
    case ISAL_DECOMP_OK:
    case ISAL_END_INPUT:
    case ISAL_OUT_OVERFLOW:
      return {};
    case ISAL_INCORRECT_CHECKSUM:
      return broken("the gzip data's checksum is wrong");
    default:
      return broken("the gzip data is damaged");
    }
  }
  bool isComplete() const override {
    return state->block_state == ISAL_BLOCK_FINISH;
  }

private:
  std::unique_ptr<struct inflate_state> state;
};

class ZstdDecoder : public Decoder {
public:
  ZstdDecoder() : context(ZSTD_createDCtx(), ZSTD_freeDCtx) {
    if (context)
      ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, windowLogMax);
  }
  error::Failure step(Input &in, Output &out) override {
    if (!context)
      return error::with(ENOMEM, "decompress");
    ZSTD_inBuffer from = {in.data, in.size, 0};
    ZSTD_outBuffer to = {out.data, out.size, 0};
    size_t left = ZSTD_decompressStream(context.get(), &to, &from);
    in = {in.data + from.pos, in.size - from.pos};
    out = {out.data + to.pos, out.size - to.pos};
    if (ZSTD_isError(left))
      return error::with(EBADMSG, "decompress", {},
                         std::string("the zstd data is damaged: ") + ZSTD_getErrorName(left));
    // Asking for more at a frame's end, without input, does not begin another frame.
    if (left == 0)
      isAtEnd = true;
    else if (from.pos > 0 || to.pos > 0)
      isAtEnd = false;
    return {};
  }
  bool isComplete() const override {
    return isAtEnd;
  }

private:
  /// 128 MiB, the most that zstd(1) takes without being asked to: a frame says itself how much memory it needs.
  static constexpr int windowLogMax = 27;
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context;
  bool isAtEnd = false;
};

inline std::unique_ptr<Decoder> decoder(Kind kind) {
  switch (kind) {
  case Kind::gzip:
    return std::make_unique<GzipDecoder>();
  case Kind::zstd:
    return std::make_unique<ZstdDecoder>();
  default:
    return std::make_unique<PlainDecoder>();
  }
}

/// gzip without name and time, so that the same bytes always give the same ones. Level 2 of ISA-L: a tenth larger than
/// `gzip -6`, ten times as fast.
class GzipEncoder {
public:
  GzipEncoder() : stream(std::make_unique<struct isal_zstream>()), memory(ISAL_DEF_LVL2_DEFAULT), block(256 << 10) {
    isal_deflate_init(stream.get());
    stream->gzip_flag = IGZIP_GZIP;
    stream->level = 2;
    stream->level_buf = memory.data();
    stream->level_buf_size = static_cast<uint32_t>(memory.size());
  }
  /// Calls `take(data, size)` with what there is, until that fails; the last call is with `isEnd`.
  template <typename Take> bool add(Input in, bool isEnd, Take take) {
    stream->next_in = reinterpret_cast<uint8_t *>(const_cast<char *>(in.data));
    stream->avail_in = static_cast<uint32_t>(in.size);
    stream->end_of_stream = isEnd;
    do {
      stream->next_out = block.data();
      stream->avail_out = static_cast<uint32_t>(block.size());
      if (isal_deflate(stream.get()) != COMP_OK)
        return false;
      size_t size = block.size() - stream->avail_out;
      if (size > 0 && !take(reinterpret_cast<const char *>(block.data()), size))
        return false;
    } while (stream->avail_out == 0 || stream->avail_in > 0 || (isEnd && stream->internal_state.state != ZSTATE_END));
    return true;
  }

private:
  std::unique_ptr<struct isal_zstream> stream;
  std::vector<uint8_t> memory, block;
};

} // namespace codec
