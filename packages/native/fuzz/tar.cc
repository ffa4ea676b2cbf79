// The tar reader and applier under libFuzzer: any bytes, in blocks of any size, into a root on a tmpfs. Whatever comes
// of it, nothing beside the root may change. Checksums count for nothing here (tar_reader.h), or nothing would get
// further.
#include "../addon/tar_apply.h"

#include <cassert>
#include <cstdlib>

namespace {

class Memory : public stream::Source {
public:
  Memory(const uint8_t *data, size_t size, size_t step) : data(data), left(size), step(step) {}
  bool next(const char *&into, size_t &size) override {
    // A copy of exactly this size, so that the sanitizer sees who reads past it.
    size = std::min(step, left);
    block.reset(size == 0 ? nullptr : new char[size]);
    if (size > 0)
      memcpy(block.get(), data, size);
    into = block.get();
    data += size;
    left -= size;
    return size > 0;
  }

private:
  const uint8_t *data;
  size_t left, step;
  std::unique_ptr<char[]> block;
};

int base = -1;

int prepare() {
  char place[] = "/dev/shm/berth-fuzz-tar-XXXXXX";
  assert(mkdtemp(place) != nullptr);
  int fd = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
  // Gone with its last descriptor would be nicer; a directory that is unlinked takes no files.
  static std::string name = place;
  atexit([] {
    walk::Remover(false).run(base, "root");
    unlinkat(base, "canary", 0);
    rmdir(name.c_str());
  });
  int canary = openat(fd, "canary", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
  assert(canary >= 0);
  close(canary);
  umask(0);
  return fd;
}

void look(int root) {
  struct stat canary, above;
  assert(fstatat(base, "canary", &canary, AT_SYMLINK_NOFOLLOW) == 0);
  assert(S_ISREG(canary.st_mode) && (canary.st_mode & 07777) == 0640 && canary.st_size == 0);
  assert(canary.st_nlink == 1 && canary.st_uid == 0 && canary.st_gid == 0);
  assert(fstat(base, &above) == 0 && (above.st_mode & 07777) == 0700 && above.st_nlink == 3);
  int at = openat(base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fdopendir(at);
  assert(dir != nullptr);
  int entries = 0;
  while (readdir(dir) != nullptr)
    entries++;
  closedir(dir);
  assert(entries == 4 && root >= 0);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1)
    return 0;
  if (base < 0)
    base = prepare();
  assert(mkdirat(base, "root", 0755) == 0);
  beneath::Fd root(openat(base, "root", O_PATH | O_DIRECTORY | O_CLOEXEC));
  Memory source(data + 1, size - 1, data[0] == 0 ? 4096 : data[0]);
  tar::ApplyOptions options;
  options.layer = data[0] % 4 != 0;
  options.keepKinds = data[0] % 8 == 0;
  options.bytesMax = 1 << 20;
  options.entriesMax = 64;
  tar::Applier applier(source, root.get(), options);
  applier.run();
  assert(applier.bytes <= options.bytesMax && applier.entries <= options.entriesMax + 1);
  look(root.get());
  assert(!walk::Remover(false).run(base, "root"));
  return 0;
}
