/** Docker's multiplexed stream: an 8-byte header before each piece of stdout or stderr (Engine API, ContainerAttach). */
export const streams = { stdin: 0, stdout: 1, stderr: 2 } as const;

export function multiplexed(stream: keyof typeof streams, payload: Uint8Array): Buffer {
  const framed = Buffer.alloc(8 + payload.length);
  framed[0] = streams[stream];
  framed.writeUInt32BE(payload.length, 4);
  framed.set(payload, 8);
  return framed;
}
