/** The Engine API's framing of stdout and stderr on one stream: u8 stream, 3 bytes 0, u32 big-endian length, payload. */
export interface OutputFrame {
  stream: 'stdout' | 'stderr';
  data: Buffer;
}

const headBytes = 8;
const frameBytesMax = 16 * 1024 * 1024;

/** Feed it chunks as they come; it gives the frames that are complete. @throws when this is no such stream */
export function createFrameReader(): (chunk: Buffer) => OutputFrame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const frames: OutputFrame[] = [];
    while (rest.length >= headBytes) {
      const length = rest.readUInt32BE(4);
      if ((rest[0] ?? 9) > 2 || length > frameBytesMax) throw new Error('The stream is not framed.');
      if (rest.length < headBytes + length) break;
      const stream = rest[0] === 2 ? 'stderr' : 'stdout';
      frames.push({ stream, data: rest.subarray(headBytes, headBytes + length) });
      rest = rest.subarray(headBytes + length);
    }
    return frames;
  };
}
