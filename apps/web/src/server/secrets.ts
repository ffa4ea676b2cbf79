/**
 * What the dashboard must be able to read again but nobody else may: sealed with AES-256-GCM under a key that lies
 * beside the database in a file of its owner alone, so that a copy of the database gives nothing away.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { EngineError } from '@berth/shared/errors';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

export interface Secrets {
  /** `context` says what the secret belongs to: sealed for one thing, it opens for no other. */
  seal(text: string, context: string): string;
  /** @throws EngineError, kind data-loss, when it was sealed with another key or for something else */
  open(sealed: string, context: string): string;
}

/** Makes the key when there is none yet. */
export function openSecrets(keyFile: string): Secrets {
  if (!existsSync(keyFile)) writeKey(keyFile);
  const key = readFileSync(keyFile);
  if (key.length !== keyBytes) throw new Error(`${keyFile} is no key of ${keyBytes} bytes.`);
  return {
    seal(text, context) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
    },
    open(text, context) {
      const bytes = Buffer.from(text, 'base64');
      try {
        const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
        const sealed = bytes.subarray(nonceBytes + tagBytes);
        return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new EngineError(
          'data-loss',
          `The stored password for ${context} cannot be read with this dashboard's key. Enter it again.`,
          { cause },
        );
      }
    },
  };
}

/** Whole or not at all: a key cut short would lock away what was sealed with it. */
function writeKey(keyFile: string): void {
  const unfinished = `${keyFile}.new`;
  const file = openSync(unfinished, 'w', 0o600);
  try {
    writeSync(file, randomBytes(keyBytes));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, keyFile);
}
