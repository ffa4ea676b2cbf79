/**
 * Reads the outer tar of `docker load`: regular files only, each to a file of a staging directory, bounded. Layers are
 * not read here: they go to the native applier.
 */
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { EngineError } from '@berth/shared/errors';

const blockBytes = 512;
const entriesMax = 10_000;
const memberBytesMax = 64 * 1024 ** 3;

export interface ArchiveMember {
  file: string;
  sizeBytes: number;
}

/** @returns name in the archive → where its bytes are now */
export async function extractArchive(input: Readable, directory: string): Promise<Map<string, ArchiveMember>> {
  const members = new Map<string, ArchiveMember>();
  const reader = new BlockReader(input);
  let longName: string | null = null;
  while (members.size < entriesMax) {
    const header = await reader.take(blockBytes);
    if (header === null || header.every((byte) => byte === 0)) break;
    const { name, sizeBytes, type, link } = parseHeader(header);
    const actualName: string = longName ?? name;
    longName = null;
    if (type === 'L') longName = text(await reader.takeAll(sizeBytes, 65_536));
    else if (type === 'x') longName = paxPath(text(await reader.takeAll(sizeBytes, 1_048_576)));
    else if (type === '0' || type === '\0' || type === '7') {
      if (sizeBytes > memberBytesMax) throw broken(`member ${actualName} is too large`);
      const file = path.join(directory, String(members.size));
      await reader.copyTo(file, sizeBytes);
      members.set(normalize(actualName), { file, sizeBytes });
    } else if (type === '1' || type === '2') {
      // Older `docker save` repeats a layer as a link to the first of its kind.
      await reader.skip(sizeBytes);
      const target = type === '1' ? link : path.posix.join(path.posix.dirname(actualName), link);
      const known = members.get(normalize(target));
      if (known !== undefined) members.set(normalize(actualName), known);
      continue;
    } else {
      await reader.skip(sizeBytes);
      continue;
    }
    await reader.skip((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
  }
  if (members.size === 0) throw broken('it holds no file');
  await reader.drain();
  return members;
}

export function broken(why: string): EngineError {
  return new EngineError('invalid-parameter', `This is not an image archive: ${why}.`);
}

function normalize(name: string): string {
  return path.posix.normalize(name).replace(/^\.\//, '');
}

function parseHeader(header: Buffer): { name: string; sizeBytes: number; type: string; link: string } {
  let sum = 0;
  for (let i = 0; i < blockBytes; i++) sum += i >= 148 && i < 156 ? 32 : (header[i] ?? 0);
  if (sum !== octal(header.subarray(148, 156))) throw broken('a tar header has a wrong checksum');
  const prefix = text(header.subarray(257, 262)) === 'ustar' ? text(header.subarray(345, 500)) : '';
  const name = text(header.subarray(0, 100));
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    sizeBytes: size(header.subarray(124, 136)),
    type: String.fromCharCode(header[156] ?? 0),
    link: text(header.subarray(157, 257)),
  };
}

function size(field: Buffer): number {
  if (((field[0] ?? 0) & 0x80) === 0) return octal(field);
  let value = 0;
  for (const byte of field.subarray(4)) value = value * 256 + byte;
  return value;
}

function octal(field: Buffer): number {
  const digits = text(field).trim();
  if (!/^[0-7]*$/.test(digits)) throw broken('a tar header has a wrong number');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function text(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

function paxPath(records: string): string | null {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records)?.[1] ?? null;
}

class BlockReader {
  readonly #source: AsyncIterator<Buffer>;
  #buffer: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(input: Readable) {
    this.#source = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#source.next();
    if (next.done === true) {
      this.#ended = true;
      return false;
    }
    this.#buffer = this.#buffer.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.#buffer, next.value]);
    return true;
  }

  async take(length: number): Promise<Buffer | null> {
    while (this.#buffer.length < length) {
      if (await this.#more()) continue;
      if (this.#buffer.length === 0) return null;
      throw broken('it ends in the middle of a member');
    }
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  async takeAll(length: number, max: number): Promise<Buffer> {
    if (length > max) throw broken('a header record is too large');
    return (await this.take(length)) ?? Buffer.alloc(0);
  }

  /** Up to `length` bytes, at least one. */
  async #some(length: number): Promise<Buffer> {
    if (this.#buffer.length === 0 && !(await this.#more())) throw broken('it ends in the middle of a member');
    const part = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(part.length);
    return part;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) left -= (await this.#some(left)).length;
  }

  async copyTo(file: string, length: number): Promise<void> {
    const output = createWriteStream(file, { mode: 0o600 });
    const failed = new Promise<never>((_, reject) => output.once('error', reject));
    failed.catch(() => undefined);
    try {
      for (let left = length; left > 0; ) {
        const part = await this.#some(left);
        left -= part.length;
        if (!output.write(part))
          await Promise.race([new Promise<void>((resolve) => output.once('drain', () => resolve())), failed]);
      }
    } finally {
      await Promise.race([new Promise<void>((resolve) => output.end(() => resolve())), failed]);
    }
  }

  async drain(): Promise<void> {
    do this.#buffer = Buffer.alloc(0);
    while (await this.#more());
  }
}
