/** Replaces a file as a whole: what is sent is complete before anything inside is touched. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { replaceFileInRoot } from '@berth/native';
import { EngineError } from '@berth/shared/errors';
import { checkPath, explain } from './failures.ts';
import { type Place, withRoot } from './place.ts';
import { openFile } from './read.ts';

export const writtenBytesMax = 1024 ** 3;

/** What a client has seen before: that version or one of several, any file, none, or one that is not newer. */
export type Expected = { versions: string[] } | { any: true } | { none: true } | { unmodifiedSinceMs: number } | null;

/** @returns its version. @throws precondition-failed, too-large, not-found, invalid-parameter, forbidden */
export async function writeFile(
  place: Place,
  file: string,
  content: Readable,
  options: { expected: Expected; stagingDir: string },
): Promise<string> {
  checkPath(file);
  place.refuseChange();
  const expected = await expectedVersion(place, file, options.expected);
  const staged = await stage(content, options.stagingDir);
  try {
    const { version } = await place.change(() =>
      withRoot(place, (root) =>
        replaceFileInRoot(root, file, staged.fd, { ...place.owner(), expected }).catch((error) =>
          explain(place, file, error),
        ),
      ),
    );
    return version;
  } finally {
    await staged.close();
  }
}

/** As replaceFileInRoot takes it. */
async function expectedVersion(place: Place, file: string, expected: Expected): Promise<string | null> {
  if (expected === null) return null;
  if ('none' in expected) return '';
  if ('any' in expected) return '*';
  const now = await openFile(place, file).catch((error) => {
    if (error instanceof EngineError && error.kind === 'not-found' && 'versions' in expected) return null;
    throw error;
  });
  now?.close();
  const isExpected =
    'versions' in expected
      ? now !== null && expected.versions.includes(now.version)
      : now !== null && Math.floor(now.mtimeMs / 1000) * 1000 <= expected.unmodifiedSinceMs;
  if (now === null || !isExpected) explain(place, file, Object.assign(new Error('changed'), { code: 'ESTALE' }));
  return now.version;
}

/** A file without a name: what is in it is gone with its descriptor. */
async function stage(content: Readable, stagingDir: string): Promise<FileHandle> {
  const name = path.join(stagingDir, `file-${randomBytes(12).toString('hex')}`);
  const staged = await open(name, 'wx+', 0o600);
  try {
    await unlink(name);
    await staged.writeFile(bounded(content));
    return staged;
  } catch (error) {
    await staged.close();
    throw error;
  }
}

async function* bounded(content: Readable): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > writtenBytesMax)
      throw new EngineError('too-large', `a file of more than ${writtenBytesMax} bytes is not written this way`);
    yield chunk;
  }
}
