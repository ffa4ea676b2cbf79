// The first half of a layer's way in: reads it, keeps and hashes what is kept, and unpacks it into the ring.
#pragma once

#include "codec.h"
#include "ring.h"
#include "sha256.h"

#include <algorithm>
#include <cstdint>
#include <string>

namespace layer {

struct Limits {
  int64_t bytesMax = 0;
  int64_t entriesMax = 0;
  int64_t ratioMax = 0;
  int64_t blobBytesMax = 0;
};

struct FeedOptions {
  int blobFd = -1;
  int64_t blobOffset = 0;
  bool compress = false;
  Limits limits;
};

class Feed {
public:
  Feed(int fd, FeedOptions options, stream::Ring &ring) : fd(fd), options(options), ring(ring), input(inputBytes) {}

  /// To the end of the input. What it comes to is in the ring's end.
  void run() {
    error::Failure failure;
    pump(failure);
    ring.finish(std::move(failure));
  }

  /// After run: the blob as it is kept.
  std::string digest() {
    return hash.digest();
  }
  int64_t blobBytes = 0;
  codec::Kind kind = codec::Kind::none;

private:
  static constexpr size_t inputBytes = 256 << 10;
  /// A small archive may be as repetitive as it likes.
  static constexpr int64_t ratioFrom = 10 << 20;

  error::Failure limit(const char *what, int64_t value) {
    return error::with(EFBIG, "ingestLayer", {}, std::string(what) + std::to_string(value));
  }

  bool pump(error::Failure &failure) {
    size_t size = 0;
    if (!fill(size, codec::magicBytes, failure))
      return false;
    kind = codec::detect(input.data(), size);
    if (kind == codec::Kind::unsupported) {
      failure = error::with(EBADMSG, "ingestLayer", {}, "compressed by something else than gzip or zstd");
      return false;
    }
    auto decoder = codec::decoder(kind);
    bool compresses = options.compress && kind == codec::Kind::none;
    std::unique_ptr<codec::GzipEncoder> encoder = compresses ? std::make_unique<codec::GzipEncoder>() : nullptr;
    auto take = [&](const char *data, size_t count) { return keep(data, count, failure); };
    while (size > 0) {
      codec::Input in = {input.data(), size};
      if (!(encoder ? encoder->add(in, false, take) : take(in.data, in.size)) || !unpack(*decoder, in, failure))
        return false;
      if (!fill(size, 1, failure))
        return false;
    }
    if (encoder && !encoder->add({input.data(), 0}, true, take))
      return false;
    if (encoder)
      kind = codec::Kind::gzip;
    if (!decoder->isComplete()) {
      failure = error::with(EBADMSG, "decompress", {}, "the compressed data breaks off");
      return false;
    }
    if (filled > 0)
      ring.publish(filled);
    return true;
  }

  /// At least `wanted` bytes into `input`, fewer only at the end. False when it failed or was cancelled.
  bool fill(size_t &size, size_t wanted, error::Failure &failure) {
    size = 0;
    while (size < wanted) {
      struct pollfd waiting[] = {{fd, POLLIN, 0}, {ring.cancelled(), POLLIN, 0}};
      if (poll(waiting, 2, -1) < 0 && errno != EINTR) {
        failure = error::last("poll");
        return false;
      }
      if (waiting[1].revents != 0)
        return false;
      ssize_t count = read(fd, input.data() + size, input.size() - size);
      if (count == 0)
        return true;
      if (count < 0 && errno != EINTR && errno != EAGAIN) {
        failure = error::last("read");
        return false;
      }
      if (count > 0) {
        size += static_cast<size_t>(count);
        received += count;
      }
    }
    return true;
  }

  /// Bytes of the blob: hashed, counted, and written from where those end that are there already.
  bool keep(const char *data, size_t size, error::Failure &failure) {
    hash.update(data, size);
    int64_t at = blobBytes;
    blobBytes += static_cast<int64_t>(size);
    if (blobBytes > options.limits.blobBytesMax) {
      failure = limit("the layer as it is kept is larger than blobBytesMax ", options.limits.blobBytesMax);
      return false;
    }
    if (options.blobFd < 0)
      return true;
    if (at < options.blobOffset) {
      size_t there = static_cast<size_t>(std::min<int64_t>(options.blobOffset - at, static_cast<int64_t>(size)));
      data += there;
      size -= there;
      at += static_cast<int64_t>(there);
    }
    while (size > 0) {
      ssize_t count = pwrite(options.blobFd, data, size, at);
      if (count < 0 && errno != EINTR) {
        failure = error::last("pwrite");
        return false;
      }
      if (count > 0) {
        data += count;
        size -= static_cast<size_t>(count);
        at += count;
      }
    }
    return true;
  }

  bool unpack(codec::Decoder &decoder, codec::Input in, error::Failure &failure) {
    bool isFull = false;
    do {
      if (space == nullptr && (space = ring.space()) == nullptr)
        return false;
      codec::Output out = {space + filled, stream::Ring::blockBytes - filled};
      size_t before = out.size, inputBefore = in.size;
      if ((failure = decoder.step(in, out)))
        return false;
      size_t made = before - out.size;
      filled += made;
      unpacked += static_cast<int64_t>(made);
      if (unpacked > ratioFrom && unpacked / options.limits.ratioMax > received) {
        failure = limit("the layer unpacks to more than its size times ratioMax ", options.limits.ratioMax);
        return false;
      }
      isFull = out.size == 0;
      if (isFull) {
        ring.publish(filled);
        space = nullptr;
        filled = 0;
      } else if (made == 0 && in.size == inputBefore && in.size > 0) {
        failure = error::with(EBADMSG, "decompress", {}, "the compressed data is damaged");
        return false;
      }
    } while (in.size > 0 || isFull);
    return true;
  }

  int fd;
  FeedOptions options;
  stream::Ring &ring;
  std::vector<char> input;
  sha256::Hash hash;
  char *space = nullptr;
  size_t filled = 0;
  int64_t received = 0, unpacked = 0;
};

} // namespace layer
