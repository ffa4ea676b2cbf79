/** Who a container's program runs as: names are looked up in the container's own files, inside its root. */
import { readdirSync } from 'node:fs';
import { closeFd, readFileInRoot } from '@berth/native';
import { type ResolvedUser, resolveUser } from '../runtime/user.ts';
import type { Context } from './context.ts';
import { openImage } from './root.ts';
import type { ContainerRecord } from './store.ts';

const accountFileBytesMax = 10 * 1024 * 1024;
const rememberedMax = 1000;

export function createAccounts(context: Context) {
  /** By image, user and groups: layers never change, so neither does what they say. */
  const remembered = new Map<string, ResolvedUser>();

  /** `layerDirs` topmost first. @throws invalid-parameter for a name that the files lack */
  async function ofContainer(record: ContainerRecord, layerDirs: string[]): Promise<ResolvedUser> {
    const { upper } = context.layer(record.id);
    const groupAdd = record.hostConfig.GroupAdd;
    if (readdirSync(upper).length > 0) return read([upper, ...layerDirs], record.config.User, groupAdd);
    const key = JSON.stringify([record.imageId, record.config.User, groupAdd]);
    const known = remembered.get(key) ?? (await read(layerDirs, record.config.User, groupAdd));
    if (remembered.size >= rememberedMax) remembered.clear();
    remembered.set(key, known);
    return known;
  }

  async function read(layerDirs: string[], user: string, groupAdd: string[]): Promise<ResolvedUser> {
    // Read-only: the upper directory must have one writer, which is the container's own mount.
    const root = await openImage(layerDirs);
    try {
      return await inRoot(root, user, groupAdd);
    } finally {
      closeFd(root);
    }
  }

  return { ofContainer, inRoot };
}

export type Accounts = ReturnType<typeof createAccounts>;

async function inRoot(root: number, user: string, groupAdd: string[]): Promise<ResolvedUser> {
  const read = (file: string) =>
    readFileInRoot(root, file, accountFileBytesMax).then(
      (bytes) => Buffer.from(bytes).toString('utf8'),
      () => '',
    );
  const [passwd, group] = await Promise.all([read('/etc/passwd'), read('/etc/group')]);
  return resolveUser(user, passwd, group, groupAdd);
}
