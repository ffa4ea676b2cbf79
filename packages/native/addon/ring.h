// A few blocks between the thread that unpacks a stream and the one that uses it. Whoever is faster waits; nothing is
// copied between them.
#pragma once

#include "beneath.h"
#include "source.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <sys/eventfd.h>
#include <sys/mman.h>

namespace stream {

class Ring {
public:
  static constexpr size_t blockBytes = 256 << 10;
  static constexpr size_t blockCount = 16;
  /// Whoever had to wait goes on when there are so many blocks, not at each: the threads take fewer turns.
  static constexpr size_t batch = 4;
  static constexpr size_t bytes = blockBytes * blockCount;

  Ring() : wake(eventfd(0, EFD_CLOEXEC)) {
    void *mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory = mapped == MAP_FAILED ? nullptr : static_cast<char *>(mapped);
  }
  Ring(const Ring &) = delete;
  Ring &operator=(const Ring &) = delete;
  ~Ring() {
    if (memory != nullptr)
      munmap(memory, bytes);
  }
  /// Whether it could be made; else errno says why not.
  explicit operator bool() const {
    return wake && memory != nullptr;
  }

  /// An empty block of blockBytes to fill; waits for one. Null when nobody reads any more.
  char *space() {
    std::unique_lock lock(mutex);
    if (produced - consumed == blockCount)
      changed.wait(lock, [this] { return produced - consumed <= blockCount - batch || isCancelled; });
    return isCancelled ? nullptr : memory + produced % blockCount * blockBytes;
  }
  void publish(size_t size) {
    std::lock_guard lock(mutex);
    sizes[produced++ % blockCount] = size;
    if (produced - consumed == batch)
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
    if (consumed == produced)
      changed.wait(lock, [this] { return produced - consumed >= batch || isFinished; });
    if (consumed == produced) {
      failure = reason;
      return false;
    }
    data = memory + consumed % blockCount * blockBytes;
    size = sizes[consumed % blockCount];
    return true;
  }
  void release() {
    std::lock_guard lock(mutex);
    consumed++;
    if (produced - consumed == blockCount - batch)
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
  /// Not malloc's, which would keep it for the next layer: there may be none for days.
  char *memory = nullptr;
  std::array<size_t, blockCount> sizes{};
  std::mutex mutex;
  std::condition_variable changed;
  size_t produced = 0, consumed = 0;
  bool isFinished = false, isCancelled = false;
  error::Failure reason;
};

} // namespace stream
