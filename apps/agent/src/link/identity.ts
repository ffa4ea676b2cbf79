/** Who this agent is to its dashboard: a key made here, whose private half never leaves the data directory. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '@berth/shared/errors';
import { signedBytes } from '@berth/shared/protocol/control';
import { z } from 'zod';

const identity = z.object({
  hostId: z.string().min(1).max(64),
  url: z.string().max(2048),
  /** Ed25519, PKCS8 PEM. */
  privateKey: z.string().max(1024),
});
export type Identity = z.infer<typeof identity>;

/** null: not enrolled. @throws data-loss when the file is there and broken */
export async function readIdentity(dataDir: string): Promise<Identity | null> {
  let text: string;
  try {
    text = await readFile(fileOf(dataDir), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    return identity.parse(JSON.parse(text));
  } catch (cause) {
    throw new EngineError('data-loss', `${fileOf(dataDir)} is damaged. Remove it and enrol this host again.`, {
      cause,
    });
  }
}

/** Whole or not at all, also when the power goes. */
export async function writeIdentity(dataDir: string, value: Identity): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  const temporary = `${fileOf(dataDir)}.${process.pid}.tmp`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, fileOf(dataDir));
}

export function newPrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** SPKI DER, base64. */
export function publicKeyOf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
}

export function proof(privateKey: string, nonce: string, subject: string): string {
  return sign(null, signedBytes(nonce, subject), createPrivateKey(privateKey)).toString('base64');
}

function fileOf(dataDir: string): string {
  return path.join(dataDir, 'identity.json');
}
