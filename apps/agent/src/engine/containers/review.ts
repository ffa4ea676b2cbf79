/** The policy, asked about a container of ours: before there is a record of it, at an update, and at every start. */
import path from 'node:path';
import type { Weakening } from '@berth/shared/docker/weakening';
import type { RuntimeSpec } from '@berth/shared/oci/runtime-spec';
import { appArmorFor } from '../runtime/apparmor.ts';
import { askedBy, type HostWalls, judge, refuseUnaskedBinds, weakenings } from '../runtime/policy.ts';
import { exampleLabel } from '../runtime/selinux.ts';
import { buildSpec, type HostDevice, seccompChoice } from '../runtime/spec.ts';
import { slotOf } from '../runtime/uid-ranges.ts';
import { backedMounts } from './backing.ts';
import { type BindSources, bindSources } from './bind-sources.ts';
import type { Context } from './context.ts';
import { hostDevices } from './devices.ts';
import { etcFilesOf } from './files.ts';
import { joinedNames, userNamespaceOwner } from './joined.ts';
import { isLive } from './state.ts';
import type { ContainerRecord } from './store.ts';

/** @throws forbidden: what is weaker than the default was not asked for, or is never given. */
export function review(
  context: Context,
  record: ContainerRecord,
  { spec, sources, devices }: { spec: RuntimeSpec; sources: BindSources; devices: HostDevice[] },
): Weakening[] {
  const host = record.hostConfig;
  const volumes = record.mounts.filter((mount) => mount.type === 'volume').map((mount) => mount.source);
  const final = {
    spec,
    seccomp: seccompChoice(host),
    own: new Set([...Object.values(etcFilesOf(context, record)), ...volumes]),
    binds: sources.known,
    devices: new Set(slotOf(record) === null ? [] : devices.map(({ device }) => device.path)),
    joined: joinedNames(record),
  };
  refuseUnaskedBinds(final, host);
  const found = weakenings(final, wallsOf(context));
  judge(found, askedBy(host));
  return found;
}

export const wallsOf = (context: Context): HostWalls => ({
  userNamespace: context.canUserNamespace,
  appArmorProfile: context.appArmorProfile,
  selinux: context.selinux?.isKnown(exampleLabel) ?? false,
});

/** What would be launched, but for what only a start finds out: who the user is, and where joined namespaces are. */
export function reviewDraft(
  context: Context,
  record: ContainerRecord,
  mounts = backedMounts(record.mounts, context.volumes.backing),
): Weakening[] {
  const sources = bindSources(context, { mounts });
  const devices = hostDevices(record.hostConfig);
  if (!isLive(record)) record.joinedUidSlot = ownerSlot(context, record);
  const joined = Object.fromEntries(Object.keys(joinedNames(record)).map((type) => [type, `/proc/0/ns/${type}`]));
  const name = record.config.User.split(':')[0] ?? '';
  const uid = /^\d{1,10}$/.test(name) ? Number(name) : 0; // a name may be root's, until it is looked up
  const backed = { ...record, mounts };
  const spec = buildSpec({
    record: backed,
    user: { uid, gid: 0, additionalGids: [], home: '/' },
    env: [],
    cwd: '/',
    appArmorProfile: appArmorFor(record, context.appArmorProfile),
    selinux: record.selinux ?? null,
    cgroupsPath: path.posix.join('/', context.cgroupParent, record.id),
    etcFiles: etcFilesOf(context, record),
    joined,
    oomScoreAdj: context.oomScoreAdj,
    real: sources.real,
    devices,
  });
  return review(context, backed, { spec, sources, devices });
}

/** At a create: those that it will join may not be there yet. */
function ownerSlot(context: Context, record: ContainerRecord): number | null {
  try {
    const owner = userNamespaceOwner(context, record);
    return owner === null ? null : slotOf(owner);
  } catch {
    return null;
  }
}
