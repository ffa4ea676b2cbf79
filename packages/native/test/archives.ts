/** Tar archives as bytes, also such as no tar program writes. */

export interface Entry {
  name: string | Buffer;
  type?: string;
  link?: string;
  body?: string | Buffer;
  mode?: number;
  uid?: number;
  gid?: number;
  /** Major and minor of a device. */
  device?: [number, number];
  /** Overrides what the header says the body's size is. */
  size?: string | Buffer;
  checksum?: string;
  /** Changes the header before its checksum is made. */
  patch?: (header: Buffer) => void;
}

export function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

export function entry(given: Entry): Buffer {
  const { name, type = '0', link = '', body = '', mode = 0o644, uid = 0, gid = 0, device, size, checksum } = given;
  const data = Buffer.from(body);
  const header = Buffer.alloc(512);
  Buffer.from(name).subarray(0, 100).copy(header);
  header.write(octal(mode, 8), 100);
  header.write(octal(uid, 8), 108);
  header.write(octal(gid, 8), 116);
  Buffer.from(size ?? octal(data.length, 12)).copy(header, 124);
  header.write(octal(1_700_000_000, 12), 136);
  header.write('        ', 148);
  header.write(type, 156, 'latin1');
  header.write(link.slice(0, 100), 157);
  header.write('ustar\0', 257);
  header.write('00', 263);
  if (device !== undefined) {
    header.write(octal(device[0], 8), 329);
    header.write(octal(device[1], 8), 337);
  }
  given.patch?.(header);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** A number as GNU writes those that octal digits do not hold. */
export function base256(value: bigint, width: number): Buffer {
  const field = Buffer.alloc(width, value < 0n ? 0xff : 0);
  field.writeBigInt64BE(value, width - 8);
  field[0] = (field[0] ?? 0) | 0x80;
  return field;
}

export function pax(records: Record<string, string | Buffer> | [string, string][], type = 'x'): Buffer {
  const all = Array.isArray(records) ? records : Object.entries(records);
  const lines = all.map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    return Buffer.concat([Buffer.from(String(length)), rest]);
  });
  return entry({ name: 'pax', type, body: Buffer.concat(lines) });
}

export const archive = (...parts: (Entry | Buffer)[]) =>
  Buffer.concat([...parts.map((part) => (Buffer.isBuffer(part) ? part : entry(part))), Buffer.alloc(1024)]);
