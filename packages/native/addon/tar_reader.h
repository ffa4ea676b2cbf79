// Reads a tar stream entry by entry: ustar, PAX and GNU, sparse files of both. Bounded: no header, name or attribute
// can make it take more memory than the constants allow. It opens nothing.
#pragma once

#include "source.h"
#include "tar_extended.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace tar {

class Reader {
public:
  Reader(stream::Source &source, int64_t bytesMax) : source(source), bytesMax(bytesMax) {}

  /// The next entry in `entry`; false at the end of the archive or on failure (then `failure` is set). What is left of
  /// the content of the one before is skipped.
  bool next(Entry &entry) {
    if (!skipContent())
      return false;
    Extended once;
    for (;;) {
      char block[blockBytes];
      bool isEnd = false;
      if (!readHeader(block, isEnd) || isEnd)
        return false;
      if (!parse(block, entry))
        return false;
      if (entry.type == 'x' || entry.type == 'g' || entry.type == 'L' || entry.type == 'K') {
        if (!readExtended(entry.type, entry.size, once))
          return false;
        continue;
      }
      once.give(entry);
      if (entry.name.size() > nameBytesMax || entry.link.size() > nameBytesMax)
        return fail(ENAMETOOLONG, "a name is longer than 4095 bytes");
      current = entry.name;
      return begin(block, once, entry);
    }
  }

  /// Bytes of the current entry's content, valid until the next call; none at its end, -1 on failure.
  ssize_t content(const char *&from, int64_t most) {
    int64_t wanted = std::min(contentLeft, most);
    if (wanted == 0)
      return 0;
    if (at == end && !fill())
      return failure ? -1 : (fail(EBADMSG, "the archive ends within this entry"), -1);
    int64_t given = std::min<int64_t>(wanted, end - at);
    from = at;
    at += given;
    contentLeft -= given;
    return static_cast<ssize_t>(given);
  }

  error::Failure failure;

private:
  bool fail(int number, const char *detail) {
    if (!failure)
      failure = error::with(number, "applyTar", current, detail);
    return false;
  }
  /// About a header: it has no name yet, so the place and the entry before it are told.
  bool broken(std::string detail, int number = EBADMSG) {
    detail += ", in the header at byte " + std::to_string(headerAt);
    if (!current.empty())
      detail += ", after";
    return fail(number, detail.c_str());
  }

  /// More bytes when there are none; false at the end of the stream or on failure.
  bool fill() {
    const char *data = nullptr;
    size_t size = 0;
    at = end = nullptr;
    do {
      if (!source.next(data, size)) {
        if (source.failure && !failure)
          failure = source.failure;
        return false;
      }
    } while (size == 0);
    at = data;
    end = data + size;
    total += static_cast<int64_t>(size);
    // Headers count too: an archive of empty files is bounded by the same figure.
    return total <= bytesMax + headersBytesMax ||
           fail(EFBIG, ("the archive is larger than bytesMax " + std::to_string(bytesMax) + " allows").c_str());
  }

  bool readExactly(char *into, size_t size) {
    while (size > 0) {
      if (at == end && !fill())
        return failure ? false : broken("the archive is cut off");
      size_t given = std::min(size, static_cast<size_t>(end - at));
      memcpy(into, at, given);
      at += given;
      into += given;
      size -= given;
    }
    return true;
  }

  /// A header's block, or the end: two blocks of zeros (GNU tar does with one, or none), the rest of the stream read.
  bool readHeader(char *block, bool &isEnd) {
    for (int zeros = 0;; zeros++) {
      if (at == end && !fill()) {
        isEnd = true;
        return !failure;
      }
      headerAt = total - (end - at);
      if (!readExactly(block, blockBytes))
        return false;
      if (!isZero(block))
        return zeros == 0 || broken("data after the end of the archive");
      if (zeros == 1) {
        drain();
        isEnd = true;
        return !failure;
      }
    }
  }

  /// What follows the archive's end is part of the stream's digest, and whoever writes it is not stopped half-way.
  void drain() {
    while (!failure && fill())
      continue;
  }

  bool skipContent() {
    const char *ignored = nullptr;
    while (contentLeft > 0) {
      if (content(ignored, contentLeft) < 0)
        return false;
    }
    return skipPadding();
  }
  /// umoci leaves it out after the last entry; Go's reader takes that for the end as well.
  bool skipPadding() {
    size_t left = std::exchange(padding, size_t{0});
    while (left > 0 && (at != end || fill())) {
      size_t given = std::min(left, static_cast<size_t>(end - at));
      at += given;
      left -= given;
    }
    return !failure;
  }

  bool readExtended(char type, int64_t size, Extended &once) {
    if (size > static_cast<int64_t>(extendedBytesMax - once.bytes))
      return broken("extended headers are larger than 1 MiB", EFBIG);
    // Each counts for a block at least, so that there is no endless row of empty ones.
    once.bytes += static_cast<size_t>(size) + blockBytes;
    once.bytes = std::min(once.bytes, extendedBytesMax);
    std::string text(static_cast<size_t>(size), '\0');
    padding = (blockBytes - text.size() % blockBytes) % blockBytes;
    if (!readExactly(text.data(), text.size()) || !skipPadding())
      return false;
    if (type == 'L' || type == 'K') {
      text.resize(strnlen(text.data(), text.size()));
      (type == 'L' ? once.name : once.link) = std::move(text);
      (type == 'L' ? once.hasName : once.hasLink) = true;
      return true;
    }
    // Global records (a comment, as a rule) count for nothing, as in Docker; but they have to be records.
    Extended global;
    const char *wrong = (type == 'g' ? global : once).add(text);
    return wrong == nullptr || broken(wrong);
  }

  /// The content's place and size, and the sparse map before it.
  bool begin(const char *block, const Extended &once, Entry &entry) {
    bool isOldSparse = entry.type == 'S';
    bool hasContent = entry.type == '0' || entry.type == '\0' || entry.type == '7' || isOldSparse;
    // Old archives write a directory as a regular entry whose name ends in a slash.
    if (hasContent && !entry.name.empty() && entry.name.back() == '/')
      entry.type = '5', hasContent = false;
    else if (hasContent)
      entry.type = '0';
    // A hard link may carry the size of its target without its bytes (POSIX); none of the others has content.
    if (!hasContent && entry.type >= '1' && entry.type <= '6')
      entry.size = 0;
    int64_t size = entry.size;
    padding = (blockBytes - static_cast<size_t>(size % blockBytes)) % blockBytes;
    if (hasContent && isOldSparse && !readOldMap(block, entry))
      return false;
    contentLeft = size;
    if (hasContent && !isOldSparse && once.sparse.isUsed) {
      entry.isSparse = true;
      entry.size = once.sparse.size;
      entry.pieces = once.sparse.pieces;
      if (once.sparse.major == 1 && !readMap(entry))
        return false;
    }
    if (entry.isSparse && (entry.size < 0 || !isMap(entry.pieces, entry.size, contentLeft)))
      return fail(EBADMSG, "a sparse map that does not fit the file");
    return true;
  }

  /// GNU's own: four pieces in the header, 21 in each of the blocks that may follow.
  bool readOldMap(const char *block, Entry &entry) {
    char more[blockBytes];
    entry.isSparse = true;
    bool isContinued = block[482] != 0;
    if (!number(block + 483, 12, entry.size) || !addPieces(block + 386, 4, entry))
      return fail(EBADMSG, "a malformed sparse map");
    while (isContinued) {
      if (!readExactly(more, sizeof more))
        return false;
      if (!addPieces(more, 21, entry))
        return fail(EBADMSG, "a malformed sparse map");
      isContinued = more[504] != 0;
    }
    return true;
  }
  static bool addPieces(const char *from, int count, Entry &entry) {
    for (int i = 0; i < count; i++, from += 24) {
      Piece piece;
      if (*from == 0)
        return true;
      if (entry.pieces.size() >= piecesMax || !number(from, 12, piece.offset) || !number(from + 12, 12, piece.bytes))
        return false;
      entry.pieces.push_back(piece);
    }
    return true;
  }

  /// PAX 1.0: decimal lines at the beginning of the content, up to a block's end.
  bool readMap(Entry &entry) {
    size_t used = 0;
    auto line = [&](int64_t &into) {
      std::string text;
      for (const char *byte = nullptr; text.size() < 20; text += *byte, used++) {
        if (content(byte, 1) != 1)
          return false;
        if (*byte == '\n')
          return used++, decimal(text, into);
      }
      return false;
    };
    int64_t count = 0;
    entry.pieces.clear();
    bool isRead = line(count) && count <= static_cast<int64_t>(piecesMax);
    for (int64_t i = 0; isRead && i < count; i++) {
      Piece piece;
      isRead = line(piece.offset) && line(piece.bytes);
      entry.pieces.push_back(piece);
    }
    const char *ignored = nullptr;
    for (size_t left = (blockBytes - used % blockBytes) % blockBytes; isRead && left > 0;) {
      ssize_t given = content(ignored, static_cast<int64_t>(left));
      isRead = given > 0;
      left -= static_cast<size_t>(std::max<ssize_t>(given, 0));
    }
    return isRead || fail(EBADMSG, "a malformed sparse map");
  }

  static bool isZero(const char *block) {
    return std::all_of(block, block + blockBytes, [](char byte) { return byte == 0; });
  }

  bool parse(const char *block, Entry &entry) {
    int64_t expected = 0, unsignedSum = 0, signedSum = 0;
    for (size_t i = 0; i < blockBytes; i++) {
      char byte = i >= 148 && i < 156 ? ' ' : block[i];
      unsignedSum += static_cast<unsigned char>(byte);
      signedSum += static_cast<signed char>(byte);
    }
    if (!number(block + 148, 8, expected) || (expected != unsignedSum && expected != signedSum))
      return broken(headerAt == 0 ? "not a tar archive: the checksum is wrong" : "the checksum is wrong");
    entry = Entry{};
    entry.type = block[156];
    entry.name.assign(block, strnlen(block, 100));
    entry.link.assign(block + 157, strnlen(block + 157, 100));
    if (memcmp(block + 257, "ustar\0", 6) == 0 && block[345] != 0)
      entry.name = std::string(block + 345, strnlen(block + 345, 155)) + "/" + entry.name;
    int64_t mode = 0, deviceMajor = 0, deviceMinor = 0;
    if (!number(block + 100, 8, mode) || !number(block + 108, 8, entry.uid) || !number(block + 116, 8, entry.gid) ||
        !number(block + 124, 12, entry.size) || !number(block + 136, 12, entry.mtime))
      return broken("a malformed number");
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

  static constexpr int64_t headersBytesMax = 64 << 20;

  stream::Source &source;
  int64_t bytesMax;
  std::string current;
  const char *at = nullptr, *end = nullptr;
  int64_t total = 0, headerAt = 0;
  int64_t contentLeft = 0;
  size_t padding = 0;
};

} // namespace tar
