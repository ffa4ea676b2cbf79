// One entry of a tar archive, and the numbers in its header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tar {

constexpr size_t blockBytes = 512;
constexpr size_t nameBytesMax = 4095;

/// A part of a sparse file that has bytes in the archive; the rest of the file is holes.
struct Piece {
  int64_t offset = 0;
  int64_t bytes = 0;
};

struct Entry {
  std::string name;
  std::string link;
  char type = '0';
  uint32_t mode = 0;
  int64_t uid = 0;
  int64_t gid = 0;
  /// Of the file as it will be; less is in the archive when it is sparse.
  int64_t size = 0;
  int64_t mtime = 0;
  long mtimeNanos = 0;
  uint32_t major = 0;
  uint32_t minor = 0;
  std::vector<std::pair<std::string, std::string>> xattrs;
  bool isSparse = false;
  std::vector<Piece> pieces;
};

/// An octal field padded with blanks or NULs, or GNU's big-endian base-256.
inline bool number(const char *field, size_t size, int64_t &into) {
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

/// Digits only, at most 18 of them.
inline bool decimal(const std::string &text, int64_t &into) {
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

/// Seconds with a fraction, negative before 1970; the nanoseconds count upwards from the second before.
inline bool time(const std::string &text, int64_t &seconds, long &nanos) {
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

/// Whether pieces are in order, do not overlap and are all of what the archive has of a file of `size` bytes.
inline bool isMap(const std::vector<Piece> &pieces, int64_t size, int64_t archived) {
  int64_t end = 0, sum = 0;
  for (const Piece &piece : pieces) {
    if (piece.offset < end || piece.bytes < 0 || piece.bytes > size || piece.offset > size - piece.bytes)
      return false;
    end = piece.offset + piece.bytes;
    sum += piece.bytes;
  }
  return sum == archived;
}

} // namespace tar
