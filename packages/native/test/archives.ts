/** Tar archives as bytes, also such as no tar program writes. */

export interface Entry {
  name: string;
  type?: string;
  link?: string;
  body?: string | Buffer;
  mode?: number;
  uid?: number;
  /** Overrides what the header says the body's size is. */
  size?: string;
  checksum?: string;
}

export function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

export function entry({
  name,
  type = '0',
  link = '',
  body = '',
  mode = 0o644,
  uid = 0,
  size,
  checksum,
}: Entry): Buffer {
  const data = Buffer.from(body);
  const header = Buffer.alloc(512);
  header.write(name.slice(0, 100), 0);
  header.write(octal(mode, 8), 100);
  header.write(octal(uid, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(size ?? octal(data.length, 12), 124);
  header.write(octal(1_700_000_000, 12), 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link.slice(0, 100), 157);
  header.write('ustar\0', 257);
  header.write('00', 263);
  header.write(
    checksum ??
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

export function pax(records: Record<string, string | Buffer>): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    return Buffer.concat([Buffer.from(String(length)), rest]);
  });
  return entry({ name: 'pax', type: 'x', body: Buffer.concat(lines) });
}

export const archive = (...parts: (Entry | Buffer)[]) =>
  Buffer.concat([...parts.map((part) => (Buffer.isBuffer(part) ? part : entry(part))), Buffer.alloc(1024)]);
