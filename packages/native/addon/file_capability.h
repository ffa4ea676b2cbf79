// security.capability as it is stored (linux/capability.h, struct vfs_ns_cap_data): version 2 counts for any root user,
// version 3 for the one that it names, by its id as the reader or writer sees ids.
#pragma once

#include <cstdint>
#include <cstring>
#include <endian.h>
#include <linux/capability.h>
#include <string>

namespace capability {

constexpr char attribute[] = "security.capability";

inline uint32_t revision(const std::string &value) {
  uint32_t magic = 0;
  if (value.size() >= sizeof magic)
    memcpy(&magic, value.data(), sizeof magic);
  return le32toh(magic) & VFS_CAP_REVISION_MASK;
}

/// The same for a root user whose id is larger by `shift`: 0 and version 2 stay what they are.
inline std::string shifted(std::string value, int64_t shift) {
  bool isThird = revision(value) == VFS_CAP_REVISION_3 && value.size() == XATTR_CAPS_SZ_3;
  bool isSecond = revision(value) == VFS_CAP_REVISION_2 && value.size() == XATTR_CAPS_SZ_2;
  if (shift == 0 || (!isThird && !isSecond))
    return value;
  uint32_t magic = 0, root = 0;
  memcpy(&magic, value.data(), sizeof magic);
  if (isThird)
    memcpy(&root, value.data() + XATTR_CAPS_SZ_2, sizeof root);
  else if (shift < 0)
    return value;
  root = static_cast<uint32_t>(static_cast<int64_t>(le32toh(root)) + shift);
  magic = (le32toh(magic) & VFS_CAP_FLAGS_MASK) | (root == 0 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3);
  value.resize(root == 0 ? XATTR_CAPS_SZ_2 : XATTR_CAPS_SZ_3);
  magic = htole32(magic);
  memcpy(value.data(), &magic, sizeof magic);
  if (root != 0) {
    root = htole32(root);
    memcpy(value.data() + XATTR_CAPS_SZ_2, &root, sizeof root);
  }
  return value;
}

} // namespace capability
