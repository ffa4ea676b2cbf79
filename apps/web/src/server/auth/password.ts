import { hash, verify } from '@node-rs/argon2';

export const passwordLengthMin = 10;
export const passwordLengthMax = 256;

/** argon2id, 64 MiB, three passes. The const enum of the package has no value at run time: 2 is argon2id. */
const options = { algorithm: 2, memoryCost: 65_536, timeCost: 3, parallelism: 1 } as const;
const atOnceMax = 4;
const waitingMax = 64;

let running = 0;
const waiting: (() => void)[] = [];

export async function hashPassword(password: string): Promise<string> {
  return await withinMemory(() => hash(password, options));
}

/** With no hash to compare with it takes as long, so that the time tells nothing of which accounts exist. */
export async function verifyPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  return await withinMemory(async () => {
    if (passwordHash !== undefined) return await verify(passwordHash, password);
    await hash(password, options);
    return false;
  });
}

/** A few at once: each takes 64 MiB, and a flood of sign-ins must not take the machine's memory. */
async function withinMemory<T>(work: () => Promise<T>): Promise<T> {
  if (running >= atOnceMax) {
    if (waiting.length >= waitingMax) throw new Error('Too many sign-ins at once.');
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
