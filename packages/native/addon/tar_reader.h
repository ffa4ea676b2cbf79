// Reads a tar stream entry by entry: ustar, PAX (x, g) and GNU long names (L, K), base-256 numbers. Bounded: no header,
// name or attribute can make it take more memory than the constants below allow. It opens nothing.
#pragma once

#include "error.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace tar {

constexpr size_t blockBytes = 512;
constexpr size_t nameBytesMax = 4095;
constexpr size_t extendedBytesMax = 1 << 20;
constexpr size_t xattrsMax = 128;
constexpr size_t xattrBytesMax = 64 << 10;

struct Entry {
  std::string name;
  std::string link;
  char type = '0';
  uint32_t mode = 0;
  int64_t uid = 0;
  int64_t gid = 0;
  int64_t size = 0;
  int64_t mtime = 0;
  long mtimeNanos = 0;
  uint32_t major = 0;
  uint32_t minor = 0;
  std::vector<std::pair<std::string, std::string>> xattrs;
};

class Reader {
public:
  Reader(int fd, int64_t bytesMax) : fd(fd), bytesMax(bytesMax), buffer(256 << 10) {}

  /// The next entry in `entry`; false at the end of the archive or on failure (then `failure` is set). What is left of
  /// the content of the one before is skipped.
  bool next(Entry &entry) {
    Extended once;
    for (;;) {
      if (!skipContent())
        return false;
      char block[blockBytes];
      bool ended = false;
      if (!readBlock(block, ended))
        return false;
      if (ended)
        return false;
      if (isZero(block)) {
        if (!readBlock(block, ended))
          return false;
        if (!ended && !isZero(block))
          return broken("data after the end of the archive");
        drain();
        return false;
      }
      if (!parse(block, entry))
        return false;
      switch (entry.type) {
      case 'x':
        if (!readExtended(entry.size, once))
          return false;
        continue;
      case 'g': {
        // Global records give defaults for names and times that image tools do not rely on; only their size counts.
        Extended global;
        if (!readExtended(entry.size, global))
          return false;
        continue;
      }
      case 'L':
        if (!readName(entry.size, once.name))
          return false;
        once.hasName = true;
        continue;
      case 'K':
        if (!readName(entry.size, once.link))
          return false;
        once.hasLink = true;
        continue;
      case 'S':
        return fail(ENOTSUP, "sparse entries are not supported");
      default:
        break;
      }
      if (!apply(once, entry))
        return false;
      bool hasContent = entry.type == '0' || entry.type == '\0' || entry.type == '7';
      // Old archives write a directory as a regular entry whose name ends in a slash.
      if (hasContent && !entry.name.empty() && entry.name.back() == '/')
        entry.type = '5', hasContent = false;
      if (entry.type == '\0' || entry.type == '7')
        entry.type = '0';
      contentLeft = entry.size;
      padding = (blockBytes - static_cast<size_t>(entry.size % blockBytes)) % blockBytes;
      if (!hasContent && entry.size != 0 && entry.type >= '1' && entry.type <= '6') {
        // A hard link may carry the size of its target without its bytes (POSIX); none of the others has content.
        contentLeft = 0;
        padding = 0;
      }
      return true;
    }
  }

  /// Up to `size` bytes of the current entry's content; 0 at its end, -1 on failure.
  ssize_t content(char *into, size_t size) {
    size_t wanted = static_cast<size_t>(std::min<int64_t>(contentLeft, static_cast<int64_t>(size)));
    if (wanted == 0)
      return 0;
    if (start == end && !fill())
      return failure ? -1 : (broken("the archive ends within an entry"), -1);
    size_t given = std::min(wanted, end - start);
    memcpy(into, buffer.data() + start, given);
    start += given;
    contentLeft -= static_cast<int64_t>(given);
    return static_cast<ssize_t>(given);
  }

  /// Reads what follows the archive's end, so that whoever writes is not stopped half-way.
  void drain() {
    while (!failure) {
      start = end;
      if (!fill())
        return;
    }
  }

  error::Failure failure;
  int64_t total = 0;

private:
  struct Extended {
    bool hasName = false, hasLink = false, hasSize = false, hasUid = false, hasGid = false, hasMtime = false;
    std::string name, link;
    int64_t size = 0, uid = 0, gid = 0, mtime = 0;
    long mtimeNanos = 0;
    std::vector<std::pair<std::string, std::string>> xattrs;
  };

  bool fail(int number, const char *detail) {
    if (!failure)
      failure = error::with(number, "applyTar", {}, detail);
    return false;
  }
  bool broken(const char *detail) {
    return fail(EBADMSG, detail);
  }

  /// More bytes into the empty buffer; false at end of file or on failure.
  bool fill() {
    start = end = 0;
    for (;;) {
      ssize_t count = read(fd, buffer.data(), buffer.size());
      if (count > 0) {
        end = static_cast<size_t>(count);
        total += count;
        // Headers count too: an archive of empty files is bounded by the same figure.
        if (total > bytesMax + (64 << 20))
          return fail(EFBIG, "the archive is larger than allowed");
        return true;
      }
      if (count == 0)
        return false;
      if (errno == EAGAIN) {
        struct pollfd waiting = {fd, POLLIN, 0};
        poll(&waiting, 1, -1);
      } else if (errno != EINTR) {
        failure = error::last("read");
        return false;
      }
    }
  }

  bool readExactly(char *into, size_t size) {
    while (size > 0) {
      if (start == end && !fill())
        return failure ? false : broken("the archive is cut off");
      size_t given = std::min(size, end - start);
      memcpy(into, buffer.data() + start, given);
      start += given;
      into += given;
      size -= given;
    }
    return true;
  }

  bool readBlock(char *block, bool &ended) {
    if (start == end && !fill()) {
      ended = true;
      return !failure;
    }
    return readExactly(block, blockBytes);
  }

  bool skipContent() {
    char scratch[blockBytes];
    while (contentLeft > 0) {
      if (start == end && !fill())
        return failure ? false : broken("the archive ends within an entry");
      size_t given = static_cast<size_t>(std::min<int64_t>(contentLeft, static_cast<int64_t>(end - start)));
      start += given;
      contentLeft -= static_cast<int64_t>(given);
    }
    size_t left = padding;
    padding = 0;
    return left == 0 || readExactly(scratch, left);
  }

  bool readPadded(int64_t size, std::string &into) {
    if (size < 0 || size > static_cast<int64_t>(extendedBytesMax))
      return fail(EFBIG, "an extended header is larger than allowed");
    into.resize(static_cast<size_t>(size));
    if (!readExactly(into.data(), into.size()))
      return false;
    padding = (blockBytes - into.size() % blockBytes) % blockBytes;
    return true;
  }

  bool readName(int64_t size, std::string &into) {
    if (!readPadded(size, into))
      return false;
    into.resize(strnlen(into.data(), into.size()));
    return true;
  }

  bool readExtended(int64_t size, Extended &into) {
    std::string records;
    if (!readPadded(size, records))
      return false;
    size_t at = 0;
    while (at < records.size()) {
      size_t length = 0, digits = at;
      while (digits < records.size() && records[digits] >= '0' && records[digits] <= '9' && length < records.size())
        length = length * 10 + static_cast<size_t>(records[digits++] - '0');
      size_t finish = at + length;
      if (digits == at || digits >= records.size() || records[digits] != ' ' || length > records.size() - at ||
          finish <= digits + 1 || records[finish - 1] != '\n')
        return broken("a malformed extended header");
      size_t equals = records.find('=', digits + 1);
      if (equals == std::string::npos || equals >= finish)
        return broken("a malformed extended header");
      std::string key = records.substr(digits + 1, equals - digits - 1);
      std::string value = records.substr(equals + 1, finish - equals - 2);
      if (!record(key, std::move(value), into))
        return false;
      at = finish;
    }
    return true;
  }

  bool record(const std::string &key, std::string value, Extended &into) {
    constexpr const char *xattrPrefix = "SCHILY.xattr.";
    if (key.rfind(xattrPrefix, 0) == 0) {
      if (into.xattrs.size() >= xattrsMax || value.size() > xattrBytesMax)
        return fail(EFBIG, "more extended attributes than allowed");
      into.xattrs.emplace_back(key.substr(strlen(xattrPrefix)), std::move(value));
      return true;
    }
    if (key.rfind("GNU.sparse.", 0) == 0)
      return fail(ENOTSUP, "sparse entries are not supported");
    if (value.find('\0') != std::string::npos)
      return broken("a NUL in an extended header");
    if (key == "path")
      into.name = std::move(value), into.hasName = true;
    else if (key == "linkpath")
      into.link = std::move(value), into.hasLink = true;
    else if (key == "size")
      return (into.hasSize = decimal(value, into.size)) || broken("a malformed size");
    else if (key == "uid")
      return (into.hasUid = decimal(value, into.uid)) || broken("a malformed uid");
    else if (key == "gid")
      return (into.hasGid = decimal(value, into.gid)) || broken("a malformed gid");
    else if (key == "mtime")
      return (into.hasMtime = time(value, into.mtime, into.mtimeNanos)) || broken("a malformed time");
    return true;
  }

  static bool decimal(const std::string &text, int64_t &into) {
    if (text.empty() || text.size() > 18)
      return false;
    into = 0;
    for (char digit : text) {
      if (digit < '0' || digit > '9')
        return false;
      into = into * 10 + (digit - '0');
    }
    return true;
  }

  static bool time(const std::string &text, int64_t &seconds, long &nanos) {
    bool negative = !text.empty() && text[0] == '-';
    size_t dot = text.find('.');
    std::string whole = text.substr(negative, dot == std::string::npos ? dot : dot - negative);
    std::string fraction = dot == std::string::npos ? "" : text.substr(dot + 1, 9);
    if (!decimal(whole, seconds))
      return false;
    fraction.resize(9, '0');
    int64_t parsed = 0;
    if (!decimal(fraction, parsed))
      return false;
    nanos = static_cast<long>(parsed);
    if (negative) {
      seconds = -seconds;
      if (nanos > 0)
        seconds -= 1, nanos = 1000000000 - nanos;
    }
    return true;
  }

  static bool isZero(const char *block) {
    return std::all_of(block, block + blockBytes, [](char byte) { return byte == 0; });
  }

  /// An octal field padded with blanks or NULs, or GNU's big-endian base-256.
  static bool number(const char *field, size_t size, int64_t &into) {
    const unsigned char *bytes = reinterpret_cast<const unsigned char *>(field);
    into = 0;
    if (bytes[0] & 0x80) {
      bool negative = bytes[0] & 0x40;
      for (size_t i = 0; i + 8 < size; i++) {
        unsigned char expected = negative ? 0xff : (i == 0 ? 0x80 : 0);
        if (bytes[i] != expected)
          return false;
      }
      uint64_t value = 0;
      for (size_t i = size > 8 ? size - 8 : 0; i < size; i++)
        value = value << 8 | (i == 0 ? bytes[i] & (negative ? 0xff : 0x7f) : bytes[i]);
      into = static_cast<int64_t>(value);
      return negative == (into < 0);
    }
    size_t at = 0;
    while (at < size && field[at] == ' ')
      at++;
    for (; at < size && field[at] >= '0' && field[at] <= '7'; at++)
      into = into << 3 | (field[at] - '0');
    return at == size || field[at] == ' ' || field[at] == '\0';
  }

  bool parse(const char *block, Entry &entry) {
    int64_t expected = 0, unsignedSum = 0, signedSum = 0;
    if (!number(block + 148, 8, expected))
      return broken("not a tar archive");
    for (size_t i = 0; i < blockBytes; i++) {
      char byte = i >= 148 && i < 156 ? ' ' : block[i];
      unsignedSum += static_cast<unsigned char>(byte);
      signedSum += static_cast<signed char>(byte);
    }
    if (expected != unsignedSum && expected != signedSum)
      return broken("not a tar archive, or a damaged one: a header's checksum is wrong");
    entry = Entry{};
    entry.type = block[156];
    entry.name.assign(block, strnlen(block, 100));
    entry.link.assign(block + 157, strnlen(block + 157, 100));
    if (memcmp(block + 257, "ustar\0", 6) == 0 && block[345] != 0)
      entry.name = std::string(block + 345, strnlen(block + 345, 155)) + "/" + entry.name;
    int64_t mode = 0, deviceMajor = 0, deviceMinor = 0;
    if (!number(block + 100, 8, mode) || !number(block + 108, 8, entry.uid) || !number(block + 116, 8, entry.gid) ||
        !number(block + 124, 12, entry.size) || !number(block + 136, 12, entry.mtime))
      return broken("a malformed number in a header");
    if (entry.type == '3' || entry.type == '4') {
      if (!number(block + 329, 8, deviceMajor) || !number(block + 337, 8, deviceMinor) || deviceMajor < 0 ||
          deviceMajor > 4095 || deviceMinor < 0 || deviceMinor > 1048575)
        return broken("a malformed device number");
    }
    if (entry.size < 0)
      return broken("a negative size");
    entry.mode = static_cast<uint32_t>(mode & 07777);
    entry.major = static_cast<uint32_t>(deviceMajor);
    entry.minor = static_cast<uint32_t>(deviceMinor);
    return true;
  }

  bool apply(Extended &once, Entry &entry) {
    if (once.hasName)
      entry.name = std::move(once.name);
    if (once.hasLink)
      entry.link = std::move(once.link);
    if (once.hasSize)
      entry.size = once.size;
    if (once.hasUid)
      entry.uid = once.uid;
    if (once.hasGid)
      entry.gid = once.gid;
    if (once.hasMtime)
      entry.mtime = once.mtime, entry.mtimeNanos = once.mtimeNanos;
    entry.xattrs = std::move(once.xattrs);
    if (entry.name.size() > nameBytesMax || entry.link.size() > nameBytesMax)
      return fail(ENAMETOOLONG, "a name is longer than 4095 bytes");
    return true;
  }

  int fd;
  int64_t bytesMax;
  std::vector<char> buffer;
  size_t start = 0, end = 0;
  int64_t contentLeft = 0;
  size_t padding = 0;
};

} // namespace tar
