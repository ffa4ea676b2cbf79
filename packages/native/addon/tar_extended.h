// What stands before an entry's own header: PAX records (POSIX, with star's xattrs and GNU's sparse maps) and GNU's
// long names. Bounded all together, however many headers they come in.
#pragma once

#include "tar_entry.h"

#include <cstring>

namespace tar {

constexpr size_t extendedBytesMax = 1 << 20;
constexpr size_t xattrsMax = 128;
constexpr size_t xattrBytesMax = 64 << 10;
constexpr size_t piecesMax = 1 << 16;

struct Extended {
  bool hasName = false, hasLink = false, hasSize = false, hasUid = false, hasGid = false, hasMtime = false;
  std::string name, link;
  int64_t size = 0, uid = 0, gid = 0, mtime = 0;
  long mtimeNanos = 0;
  std::vector<std::pair<std::string, std::string>> xattrs;
  struct {
    bool isUsed = false;
    int64_t major = 0, minor = 0, size = -1;
    std::string name;
    std::vector<Piece> pieces;
  } sparse;
  size_t bytes = 0;

  /// Takes the records of an `x` header. What is wrong with them, or null.
  const char *add(const std::string &records) {
    size_t at = 0;
    while (at < records.size()) {
      size_t length = 0, digits = at;
      while (digits < records.size() && records[digits] >= '0' && records[digits] <= '9' && length < records.size())
        length = length * 10 + static_cast<size_t>(records[digits++] - '0');
      size_t finish = at + length;
      if (digits == at || digits >= records.size() || records[digits] != ' ' || length > records.size() - at ||
          finish <= digits + 1 || records[finish - 1] != '\n')
        return "a malformed extended header";
      size_t equals = records.find('=', digits + 1);
      if (equals == std::string::npos || equals >= finish)
        return "a malformed extended header";
      std::string key = records.substr(digits + 1, equals - digits - 1);
      if (const char *wrong = record(key, records.substr(equals + 1, finish - equals - 2)))
        return wrong;
      at = finish;
    }
    return nullptr;
  }

  /// Gives the entry what was said about it.
  void give(Entry &entry) {
    if (hasName)
      entry.name = std::move(name);
    if (!sparse.name.empty())
      entry.name = std::move(sparse.name);
    if (hasLink)
      entry.link = std::move(link);
    if (hasSize)
      entry.size = size;
    if (hasUid)
      entry.uid = uid;
    if (hasGid)
      entry.gid = gid;
    if (hasMtime)
      entry.mtime = mtime, entry.mtimeNanos = mtimeNanos;
    entry.xattrs = std::move(xattrs);
  }

private:
  const char *record(const std::string &key, std::string value) {
    constexpr const char *xattrPrefix = "SCHILY.xattr.";
    if (key.rfind(xattrPrefix, 0) == 0) {
      if (xattrs.size() >= xattrsMax || value.size() > xattrBytesMax)
        return "more extended attributes than allowed";
      xattrs.emplace_back(key.substr(strlen(xattrPrefix)), std::move(value));
      return nullptr;
    }
    // An empty value takes back what an earlier record said.
    bool isSet = !value.empty();
    if (key == "path" || key == "linkpath" || key == "GNU.sparse.name") {
      if (value.find('\0') != std::string::npos)
        return "a NUL in a name";
      if (key == "path")
        hasName = isSet, name = std::move(value);
      else if (key == "linkpath")
        hasLink = isSet, link = std::move(value);
      else
        sparse.isUsed = true, sparse.name = std::move(value);
      return nullptr;
    }
    if (key == "size")
      return (hasSize = isSet) && !decimal(value, size) ? "a malformed size" : nullptr;
    if (key == "uid")
      return (hasUid = isSet) && !decimal(value, uid) ? "a malformed uid" : nullptr;
    if (key == "gid")
      return (hasGid = isSet) && !decimal(value, gid) ? "a malformed gid" : nullptr;
    if (key == "mtime")
      return (hasMtime = isSet) && !time(value, mtime, mtimeNanos) ? "a malformed time" : nullptr;
    return key.rfind("GNU.sparse.", 0) == 0 ? sparseRecord(key.substr(strlen("GNU.sparse.")), value) : nullptr;
  }

  /// Versions 0.0 (offset and numbytes in turn), 0.1 (map) and 1.0 (realsize; the map stands before the content).
  const char *sparseRecord(const std::string &key, const std::string &value) {
    constexpr const char *wrong = "a malformed sparse map";
    sparse.isUsed = true;
    if (key == "major")
      return decimal(value, sparse.major) ? nullptr : wrong;
    if (key == "minor")
      return decimal(value, sparse.minor) ? nullptr : wrong;
    if (key == "size" || key == "realsize")
      return decimal(value, sparse.size) ? nullptr : wrong;
    if (key == "offset") {
      sparse.pieces.emplace_back();
      return sparse.pieces.size() <= piecesMax && decimal(value, sparse.pieces.back().offset) ? nullptr : wrong;
    }
    if (key == "numbytes")
      return !sparse.pieces.empty() && decimal(value, sparse.pieces.back().bytes) ? nullptr : wrong;
    if (key == "map")
      return map(value) ? nullptr : wrong;
    return nullptr;
  }

  bool map(const std::string &text) {
    sparse.pieces.clear();
    size_t at = 0;
    auto figure = [&](int64_t &into) {
      size_t comma = std::min(text.find(',', at), text.size());
      bool isFigure = at <= text.size() && decimal(text.substr(at, comma - at), into);
      at = comma + 1;
      return isFigure;
    };
    while (at < text.size()) {
      Piece piece;
      if (sparse.pieces.size() >= piecesMax || !figure(piece.offset) || !figure(piece.bytes))
        return false;
      sparse.pieces.push_back(piece);
    }
    return true;
  }
};

} // namespace tar
