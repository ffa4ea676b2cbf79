/** `--user` and the image's USER, resolved against the container's own /etc/passwd and /etc/group. Pure. */
import { EngineError } from '@berth/shared/errors';

export interface ResolvedUser {
  uid: number;
  gid: number;
  additionalGids: number[];
  home: string;
}

const idMax = 2 ** 32 - 2;

/** `user` is `name|uid[:group|gid]`. A number is that id, whatever /etc/passwd calls itself. @throws invalid-parameter */
export function resolveUser(
  user: string,
  passwd: string,
  group: string,
  groupAdd: readonly string[] = [],
): ResolvedUser {
  const [name = '', groupName] = user.split(':', 2) as [string, string | undefined];
  const users = lines(passwd, 7).map(([login = '', , uid, gid, , home = '']) => ({
    login,
    uid: id(uid),
    gid: id(gid),
    home,
  }));
  const groups = lines(group, 4).map(([title = '', , gid, members = '']) => ({
    title,
    gid: id(gid),
    members: members.split(','),
  }));
  const numeric = numberOf(name === '' ? '0' : name);
  const found = users.find((one) => (numeric === null ? one.login === name : one.uid === numeric));
  if (numeric === null && found?.uid == null) {
    throw new EngineError('invalid-parameter', `unable to find user ${name}: no matching entries in passwd file`);
  }
  const findGroup = (wanted: string): number => {
    const number = numberOf(wanted);
    const gid = number ?? groups.find((one) => one.title === wanted)?.gid ?? null;
    if (gid === null) {
      throw new EngineError('invalid-parameter', `unable to find group ${wanted}: no matching entries in group file`);
    }
    return gid;
  };
  const login = found?.login;
  const own =
    groupName === undefined && login !== undefined
      ? groups.filter((one) => one.gid !== null && one.members.includes(login)).map((one) => one.gid as number)
      : [];
  return {
    uid: numeric ?? found?.uid ?? 0,
    gid: groupName === undefined || groupName === '' ? (found?.gid ?? 0) : findGroup(groupName),
    additionalGids: [...new Set([...own, ...groupAdd.map(findGroup)])],
    home: found?.home === undefined || found.home === '' ? '/' : found.home,
  };
}

function lines(text: string, fieldsMin: number): string[][] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= Math.min(fieldsMin, 4));
}

function id(field: string | undefined): number | null {
  return field === undefined || !/^\d{1,10}$/.test(field) || Number(field) > idMax ? null : Number(field);
}

function numberOf(text: string): number | null {
  if (!/^[+-]?\d+$/.test(text)) return null;
  const value = Number(text);
  if (!/^\d{1,10}$/.test(text) || value > idMax) {
    throw new EngineError('invalid-parameter', `uids and gids must be in range 0-${idMax}: ${text}`);
  }
  return value;
}
