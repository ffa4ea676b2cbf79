/** The frames of packages/native/supervisor.h; a test compares the numbers. */
export const frame = {
  start: 0x01,
  attach: 0x02,
  stdin: 0x03,
  stdinClose: 0x04,
  resize: 0x05,
  signal: 0x06,
  exec: 0x07,
  pause: 0x08,
  resume: 0x09,
  update: 0x0a,
  status: 0x0b,
  watch: 0x0c,
  processes: 0x0d,
  stdout: 0x81,
  stderr: 0x82,
  reply: 0x83,
  error: 0x84,
  exit: 0x85,
  created: 0x86,
  oom: 0x87,
  namespaces: 0x88,
  pressure: 0x89,
} as const;

const headerBytes = 8;
const frameBytesMax = 4 * 1024 ** 2;

export function encodeFrame(type: number, payload: Uint8Array): Buffer {
  const encoded = Buffer.alloc(headerBytes + payload.length);
  encoded[0] = type;
  encoded.writeUInt32BE(payload.length, 4);
  encoded.set(payload, headerBytes);
  return encoded;
}

/** Cuts a byte stream into frames. @throws RangeError for one that is too large */
export class FrameReader {
  #buffer: Buffer = Buffer.alloc(0);
  readonly #onFrame: (type: number, payload: Buffer) => void;

  constructor(onFrame: (type: number, payload: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= headerBytes) {
      const length = this.#buffer.readUInt32BE(4);
      if (length > frameBytesMax) throw new RangeError(`a frame of ${length} bytes`);
      if (this.#buffer.length < headerBytes + length) return;
      const type = this.#buffer[0] ?? 0;
      const payload = this.#buffer.subarray(headerBytes, headerBytes + length);
      this.#buffer = this.#buffer.subarray(headerBytes + length);
      this.#onFrame(type, payload);
    }
  }
}
