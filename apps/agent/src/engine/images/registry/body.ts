/** Reading what a registry sends: never more than said, never for ever. */
import type { IncomingMessage } from 'node:http';
import { RegistryFailure } from './failure.ts';
import type { RegistryLimits } from './limits.ts';

/**
 * The pieces of a body as they come. The clock runs while one is waited for, not while the consumer is busy.
 * @throws RegistryFailure, transient, when they stop coming or come too slowly
 */
export async function* paced(message: IncomingMessage, limits: Readonly<RegistryLimits>): AsyncGenerator<Buffer> {
  const pieces: AsyncIterator<Buffer> = message[Symbol.asyncIterator]();
  const give = (what: string) => new RegistryFailure('deadline', what, { isTransient: true });
  let isWaiting = false;
  const timer = setTimeout(() => {
    if (isWaiting) message.destroy(give(`the registry sent nothing for ${limits.idleMs / 1000} seconds`));
  }, limits.idleMs);
  let waitedMs = 0;
  let windowBytes = 0;
  try {
    for (;;) {
      const began = performance.now();
      isWaiting = true;
      timer.refresh();
      const { done, value } = await pieces.next();
      isWaiting = false;
      if (done === true) return;
      waitedMs += performance.now() - began;
      windowBytes += value.length;
      if (waitedMs >= limits.slowWindowMs) {
        if (windowBytes < limits.slowWindowBytesMin) {
          throw give(
            `the registry sends less than ${limits.slowWindowBytesMin} bytes in ${limits.slowWindowMs / 1000} seconds`,
          );
        }
        waitedMs = 0;
        windowBytes = 0;
      }
      yield value;
    }
  } finally {
    clearTimeout(timer);
    // Read to its end, its connection is kept; anything else ends it.
    if (!message.readableEnded) message.destroy();
  }
}

/** @throws RegistryFailure: too-large when there is more than `bytesMax` */
export async function readBody(
  message: IncomingMessage,
  { bytesMax, what }: { bytesMax: number; what: string },
  limits: Readonly<RegistryLimits>,
): Promise<Buffer> {
  refuseEncoding(message);
  const tooLarge = () => new RegistryFailure('too-large', `${what} is larger than ${bytesMax} bytes`);
  if (Number(message.headers['content-length'] ?? 0) > bytesMax) {
    message.destroy();
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of paced(message, limits)) {
    length += chunk.length;
    if (length > bytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The bytes are to be those that the digest is of; none other was asked for. */
export function refuseEncoding(message: IncomingMessage): void {
  const encoding = message.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return;
  message.destroy();
  throw new RegistryFailure('system', 'the registry answered with a content encoding that was not asked for');
}

/** What is not of interest; the connection goes with it unless it is short. */
export function discard(message: IncomingMessage): void {
  message.on('error', () => undefined);
  if (message.headers['content-length'] === '0') message.resume();
  else message.destroy();
}
