// A few blocks between the thread that unpacks a stream and the one that uses it. Whoever is faster waits; nothing is
// copied between them.
#pragma once

#include "beneath.h"
#include "source.h"

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <sys/eventfd.h>

namespace stream {

class Ring {
public:
  static constexpr size_t blockBytes = 256 << 10;
  static constexpr size_t blockCount = 8;

  Ring() : wake(eventfd(0, EFD_CLOEXEC)), memory(std::make_unique_for_overwrite<char[]>(blockBytes * blockCount)) {}

  /// An empty block of blockBytes to fill; waits for one. Null when nobody reads any more.
  char *space() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return produced - consumed < blockCount || isCancelled; });
    return isCancelled ? nullptr : memory.get() + produced % blockCount * blockBytes;
  }
  void publish(size_t size) {
    std::lock_guard lock(mutex);
    sizes[produced++ % blockCount] = size;
    changed.notify_all();
  }
  void finish(error::Failure failure) {
    std::lock_guard lock(mutex);
    isFinished = true;
    reason = std::move(failure);
    changed.notify_all();
  }

  /// The next full block. It stays valid until `release`.
  bool take(const char *&data, size_t &size, error::Failure &failure) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return consumed < produced || isFinished; });
    if (consumed == produced) {
      failure = reason;
      return false;
    }
    data = memory.get() + consumed % blockCount * blockBytes;
    size = sizes[consumed % blockCount];
    return true;
  }
  void release() {
    std::lock_guard lock(mutex);
    consumed++;
    changed.notify_all();
  }
  void cancel() {
    std::lock_guard lock(mutex);
    isCancelled = true;
    changed.notify_all();
    eventfd_write(wake.get(), 1);
  }
  /// Readable once nobody reads any more: for a producer that waits for its own input.
  int cancelled() const {
    return wake.get();
  }

private:
  beneath::Fd wake;
  std::unique_ptr<char[]> memory;
  std::array<size_t, blockCount> sizes{};
  std::mutex mutex;
  std::condition_variable changed;
  size_t produced = 0, consumed = 0;
  bool isFinished = false, isCancelled = false;
  error::Failure reason;
};

} // namespace stream
