/**
 * The entries of tar streams that the native writer makes, as they pass: read, changed, left out, hashed. Archives of
 * others are never read here. Pure.
 */
import { createHash } from 'node:crypto';
import { Transform, Writable } from 'node:stream';

export interface Entry {
  name: string;
  /** '0' file, '1' hard link, '2' symbolic link, '3' and '4' devices, '5' directory, '6' FIFO. */
  type: string;
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  mtimeSeconds: number;
  linkName: string;
  device: { major: number; minor: number };
  /** Extended attributes, by their PAX keyword. */
  attributes: [name: string, value: Buffer][];
}

const blockBytes = 512;
const extensionBytesMax = 64 * 1024 ** 2;

/** Takes a stream in pieces of any size. */
class EntryReader {
  readonly #onEntry: (entry: Entry) => void;
  readonly #onContent: (chunk: Buffer) => void;
  #buffer: Buffer = Buffer.alloc(0);
  #contentLeft = 0;
  #paddingLeft = 0;
  #extension: Map<string, Buffer> | null = null;
  #isOver = false;

  constructor(onEntry: (entry: Entry) => void, onContent: (chunk: Buffer) => void) {
    this.#onEntry = onEntry;
    this.#onContent = onContent;
  }

  push(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    while (this.#step());
  }

  /** @returns whether there may be more to do with what is there */
  #step(): boolean {
    if (this.#isOver || this.#buffer.length === 0) {
      this.#buffer = Buffer.alloc(0);
      return false;
    }
    if (this.#contentLeft > 0) {
      const content = this.#take(Math.min(this.#contentLeft, this.#buffer.length));
      this.#contentLeft -= content.length;
      this.#onContent(content);
      return true;
    }
    if (this.#paddingLeft > 0) {
      this.#paddingLeft -= this.#take(Math.min(this.#paddingLeft, this.#buffer.length)).length;
      return true;
    }
    if (this.#buffer.length < blockBytes) return false;
    const sizeBytes = number(this.#buffer.subarray(124, 136));
    const type = String.fromCharCode(this.#buffer[156] ?? 0);
    if (type === 'x') return this.#readExtension(sizeBytes);
    const header = this.#take(blockBytes);
    if (header.every((byte) => byte === 0)) this.#isOver = true;
    else this.#begin(header, type);
    return true;
  }

  #readExtension(sizeBytes: number): boolean {
    if (sizeBytes > extensionBytesMax) throw new RangeError('a tar header record is too large');
    const wholeBytes = blockBytes + Math.ceil(sizeBytes / blockBytes) * blockBytes;
    if (this.#buffer.length < wholeBytes) return false;
    this.#extension = records(this.#take(wholeBytes).subarray(blockBytes, blockBytes + sizeBytes));
    return true;
  }

  #begin(header: Buffer, type: string): void {
    const extended = this.#extension ?? new Map<string, Buffer>();
    this.#extension = null;
    const text = (key: string, from: number, to: number) => extended.get(key)?.toString() ?? string(header, from, to);
    const value = (key: string, from: number, to: number) =>
      extended.has(key) ? Number(extended.get(key)?.toString()) : number(header.subarray(from, to));
    const entry: Entry = {
      name: text('path', 0, 100),
      type,
      mode: value('mode', 100, 108),
      uid: value('uid', 108, 116),
      gid: value('gid', 116, 124),
      sizeBytes: value('size', 124, 136),
      mtimeSeconds: value('mtime', 136, 148),
      linkName: text('linkpath', 157, 257),
      device: { major: number(header.subarray(329, 337)), minor: number(header.subarray(337, 345)) },
      attributes: [...extended].filter(([key]) => key.startsWith('SCHILY.xattr.')),
    };
    this.#contentLeft = entry.sizeBytes;
    this.#paddingLeft = padding(entry.sizeBytes);
    this.#onEntry(entry);
  }

  #take(length: number): Buffer {
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }
}

/** Passes entries on as `change` has them; null leaves one out. `before` comes first. */
export function changeEntries(change: (entry: Entry) => Entry | null, before: readonly Buffer[] = []): Transform {
  let passes = false;
  let paddingBytes = 0;
  const pass = (chunk: Buffer) => void transform.push(chunk);
  const endEntry = () => {
    if (paddingBytes > 0) pass(Buffer.alloc(paddingBytes));
    paddingBytes = 0;
  };
  const reader = new EntryReader(
    (entry) => {
      endEntry();
      const changed = change(entry);
      passes = changed !== null;
      if (changed === null) return;
      pass(encodeEntry(changed));
      paddingBytes = padding(changed.sizeBytes);
    },
    (chunk) => {
      if (passes) pass(chunk);
    },
  );
  const transform = new Transform({
    transform(chunk, _encoding, done) {
      try {
        reader.push(chunk);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
    flush(done) {
      endEntry();
      pass(Buffer.alloc(2 * blockBytes));
      done();
    },
  });
  for (const one of before) pass(one);
  return transform;
}

/** Of names, kinds, modes, owners and contents, not of times. `leavesOut` are not there for it. */
export function hashEntries(leavesOut: (entry: Entry) => boolean): { sink: Writable; digest: () => string } {
  const hash = createHash('sha256');
  let counts = false;
  const reader = new EntryReader(
    (entry) => {
      counts = !leavesOut(entry);
      if (!counts) return;
      const { mtimeSeconds: _, attributes, ...rest } = entry;
      const named = attributes.map(([key, value]) => [key, value.toString('base64')]);
      hash.update(`${JSON.stringify([rest, named])}\n`);
    },
    (chunk) => {
      if (counts) hash.update(chunk);
    },
  );
  return { sink: sinkOf(reader), digest: () => hash.digest('hex') };
}

/** The contents of all entries, one after the other. */
export function entryContents(): Transform {
  const reader = new EntryReader(
    () => undefined,
    (chunk) => void transform.push(chunk),
  );
  const transform = new Transform({
    transform(chunk, _encoding, done) {
      reader.push(chunk);
      done();
    },
  });
  return transform;
}

function sinkOf(reader: EntryReader): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      try {
        reader.push(chunk);
        done();
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}

export function encodeEntry(entry: Entry): Buffer {
  const header = Buffer.alloc(blockBytes);
  const extended: [string, Buffer][] = [...entry.attributes];
  const text = (key: string, value: string, at: number) => {
    const bytes = Buffer.from(value);
    if (bytes.length > 100 || bytes.some((byte) => byte > 0x7f)) extended.push([key, bytes]);
    bytes.copy(header, at, 0, 100);
  };
  const octal = (key: string, value: number, at: number, digits: number) => {
    const fits = Number.isInteger(value) && value >= 0 && value < 8 ** digits;
    if (!fits) extended.push([key, Buffer.from(String(value))]);
    header.write((fits ? value : 0).toString(8).padStart(digits, '0'), at, 'latin1');
  };
  text('path', entry.name, 0);
  text('linkpath', entry.linkName, 157);
  octal('mode', entry.mode, 100, 7);
  octal('uid', entry.uid, 108, 7);
  octal('gid', entry.gid, 116, 7);
  octal('size', entry.sizeBytes, 124, 11);
  octal('mtime', entry.mtimeSeconds, 136, 11);
  header.write(entry.type, 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  octal('', entry.device.major, 329, 7);
  octal('', entry.device.minor, 337, 7);
  checksum(header);
  return extended.length === 0 ? header : Buffer.concat([extension(extended), header]);
}

/** With its content. */
export function encodeFile(entry: Omit<Entry, 'sizeBytes'>, content: Buffer): Buffer {
  const sized = { ...entry, sizeBytes: content.length };
  return Buffer.concat([encodeEntry(sized), content, Buffer.alloc(padding(content.length))]);
}

/** Whether these first bytes of a file are those of a tar archive. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < blockBytes || block.every((byte) => byte === 0)) return false;
  const stored = /^\s*([0-7]+)/.exec(block.toString('latin1', 148, 156))?.[1];
  const summed = Buffer.from(block.subarray(0, blockBytes));
  checksum(summed);
  return stored !== undefined && Number.parseInt(stored, 8) === number(summed.subarray(148, 156));
}

function extension(list: readonly [string, Buffer][]): Buffer {
  const body = Buffer.concat(list.map(([key, value]) => record(key, value)));
  const header = Buffer.alloc(blockBytes);
  header.write('PaxHeaders/entry', 0, 'latin1');
  header.write('0000644\u00000000000\u00000000000\u0000', 100, 'latin1');
  header.write(body.length.toString(8).padStart(11, '0'), 124, 'latin1');
  header.write('00000000000', 136, 'latin1');
  header.write('x', 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  checksum(header);
  return Buffer.concat([header, body, Buffer.alloc(padding(body.length))]);
}

/** `length key=value\n`, where the length counts itself. */
function record(key: string, value: Buffer): Buffer {
  const restBytes = Buffer.byteLength(key) + value.length + 3;
  let total = restBytes + 1;
  while (total !== restBytes + String(total).length) total = restBytes + String(total).length;
  return Buffer.concat([Buffer.from(`${total} ${key}=`), value, Buffer.from('\n')]);
}

function records(body: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = 0; at < body.length; ) {
    const blank = body.indexOf(0x20, at);
    const length = Number(body.toString('latin1', at, blank));
    const equals = body.indexOf(0x3d, blank);
    if (!(length > 0) || blank < 0 || equals < 0) throw new RangeError('a tar header record is malformed');
    found.set(body.toString('utf8', blank + 1, equals), body.subarray(equals + 1, at + length - 1));
    at += length;
  }
  return found;
}

function checksum(header: Buffer): void {
  header.fill(0x20, 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
}

const padding = (sizeBytes: number) => (blockBytes - (sizeBytes % blockBytes)) % blockBytes;

function string(header: Buffer, from: number, to: number): string {
  const field = header.subarray(from, to);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

function number(field: Buffer): number {
  const digits = string(field, 0, field.length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : 0;
}
