// Writes the "newc" cpio archives that the kernel unpacks as its first root file system.

/**
 * @param {{ name: string, mode: number, data?: Uint8Array }[]} entries `mode` with its file type bits; directories
 *   before what they hold.
 * @returns {Buffer}
 */
export function cpio(entries) {
  const parts = [];
  for (const [index, entry] of [...entries, { name: 'TRAILER!!!', mode: 0 }].entries()) {
    const data = entry.data ?? new Uint8Array(0);
    const name = Buffer.from(`${entry.name}\0`);
    // ino, mode, uid, gid, nlink, mtime, size, device and special device numbers, name's size, checksum (unused).
    const fields = [index + 1, entry.mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
    const head = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
    parts.push(head, name, padding(head.length + name.length), data, padding(data.length));
  }
  return Buffer.concat(parts);
}

const padding = (length) => Buffer.alloc((4 - (length % 4)) % 4);
