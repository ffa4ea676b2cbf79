// Layers from the wire or a file into the store: two threads, one that reads and unpacks (layer_feed.h), one that
// hashes the archive and applies it. Neither is of libuv's pool: they wait for whoever sends the layer.
#include "layer_feed.h"
#include "tar_apply.h"
#include "thread.h"

#include <cmath>
#include <memory>
#include <napi.h>

namespace layer {

namespace {

/// Blocks of the ring, hashed as they come out of it: all of them, also those after the archive's end.
class HashedSource : public stream::Source {
public:
  explicit HashedSource(stream::Ring &ring) : ring(ring) {}
  bool next(const char *&data, size_t &size) override {
    if (holds)
      ring.release();
    holds = ring.take(data, size, failure);
    if (holds)
      hash.update(data, size);
    return holds;
  }
  sha256::Hash hash;

private:
  stream::Ring &ring;
  bool holds = false;
};

struct Work {
  beneath::Fd stream, root, blob;
  FeedOptions options;
  // The result
  std::string blobDigest, diffId;
  codec::Kind kind = codec::Kind::none;
  int64_t blobBytes = 0, bytes = 0, entries = 0;
  bool hidesBelow = false;
};

/// One sync a layer, not one a file: it is made visible only afterwards, by a rename.
error::Failure makeDurable(int root, int blob) {
  beneath::Fd directory(beneath::open(root, ".", O_RDONLY | O_DIRECTORY));
  struct stat rootStat, blobStat;
  if (!directory || fstat(directory.get(), &rootStat) != 0 || syncfs(directory.get()) != 0)
    return error::last("syncfs");
  if (blob >= 0 && fstat(blob, &blobStat) == 0 && blobStat.st_dev != rootStat.st_dev && fsync(blob) != 0)
    return error::last("fsync");
  return {};
}

error::Failure ingest(Work &work) {
  stream::Ring ring;
  if (!ring)
    return error::last("mmap");
  Feed feed(work.stream.get(), work.options, ring);
  std::thread feeding([&feed] { feed.run(); });
  HashedSource source(ring);
  tar::ApplyOptions options;
  options.bytesMax = work.options.limits.bytesMax;
  options.entriesMax = work.options.limits.entriesMax;
  tar::Applier applier(source, work.root.get(), options);
  error::Failure failure = applier.run();
  if (failure)
    ring.cancel();
  feeding.join();
  if (failure)
    return failure;
  work.kind = feed.kind;
  work.blobBytes = feed.blobBytes;
  work.blobDigest = feed.digest();
  work.diffId = source.hash.digest();
  work.bytes = applier.bytes;
  work.entries = applier.entries;
  work.hidesBelow = applier.hidesBelow;
  if (work.blobDigest.empty() || work.diffId.empty())
    return error::with(ENOTSUP, "ingestLayer", {}, "OpenSSL has no SHA-256 here");
  return makeDurable(work.root.get(), work.blob.get());
}

int64_t number(const Napi::Object &from, const char *name) {
  double value = from.Get(name).ToNumber().DoubleValue();
  return value >= 0x1p62 ? INT64_MAX / 2 : std::isnan(value) ? 0 : static_cast<int64_t>(value);
}

const char *nameOf(codec::Kind kind) {
  return kind == codec::Kind::gzip ? "gzip" : kind == codec::Kind::zstd ? "zstd" : "none";
}

Napi::Value result(Napi::Env env, const Work &work) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("blobDigest", work.blobDigest);
  value.Set("blobBytes", static_cast<double>(work.blobBytes));
  value.Set("compression", nameOf(work.kind));
  value.Set("diffId", work.diffId);
  value.Set("bytes", static_cast<double>(work.bytes));
  value.Set("entries", static_cast<double>(work.entries));
  value.Set("hidesBelow", work.hidesBelow);
  return value;
}

Napi::Value ingestLayer(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 3 || !info[0].IsNumber() || !info[1].IsNumber() || !info[2].IsObject() ||
      !info[2].As<Napi::Object>().Get("limits").IsObject()) {
    Napi::TypeError::New(env, "ingestLayer(fd, rootFd, { blob, compress, limits })").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Napi::Object given = info[2].As<Napi::Object>();
  Napi::Object limits = given.Get("limits").As<Napi::Object>();
  auto work = std::make_shared<Work>();
  work->options.compress = given.Get("compress").ToBoolean();
  work->options.limits = {number(limits, "bytesMax"), number(limits, "entriesMax"),
                          std::max<int64_t>(1, number(limits, "ratioMax")), number(limits, "blobBytesMax")};
  auto duplicate = [](const Napi::Value &fd) { return fcntl(fd.ToNumber().Int32Value(), F_DUPFD_CLOEXEC, 3); };
  work->stream.reset(duplicate(info[0]));
  work->root.reset(work->stream ? duplicate(info[1]) : -1);
  bool isOpen = static_cast<bool>(work->root);
  if (isOpen && given.Get("blob").IsObject()) {
    Napi::Object blob = given.Get("blob").As<Napi::Object>();
    work->options.blobOffset = number(blob, "offset");
    work->blob.reset(duplicate(blob.Get("fd")));
    work->options.blobFd = work->blob.get();
    isOpen = static_cast<bool>(work->blob);
  }
  if (!isOpen) {
    error::raise(env, error::last("fcntl"));
    return env.Undefined();
  }
  return thread::run(
      env,
      [work]() -> error::Failure {
        error::Failure failure = thread::ownUmask();
        if (!failure)
          failure = ingest(*work);
        for (beneath::Fd *fd : {&work->stream, &work->root, &work->blob})
          fd->reset(-1);
        return failure;
      },
      [work](Napi::Env env) { return result(env, *work); });
}

} // namespace

void init(Napi::Env env, Napi::Object exports) {
  exports.Set("ingestLayer", Napi::Function::New(env, ingestLayer));
}

} // namespace layer
