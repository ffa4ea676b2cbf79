/** SELinux labels of containers: decided at their creation, kept with their record, given to what they are to reach. */
import { labelTree } from '@berth/native';
import type { HostConfig } from '@berth/shared/docker/container';
import { EngineError } from '@berth/shared/errors';
import { exampleLabel, type Labels, labelOptions, labelsFor, levelOf, sharedLabel } from '../runtime/selinux.ts';
import type { Context } from './context.ts';
import type { ContainerMount, ContainerRecord } from './store.ts';

/** No volume: their labels, or those of what is in them, hold the host together. */
const hostDirectories =
  '/ /bin /boot /dev /etc /etc/passwd /etc/shadow /home /lib /lib32 /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /var /var/lib /var/log /var/tmp'.split(
    ' ',
  );
const kernelDirectories = ['/dev', '/proc', '/sys'];

export function createContainerLabels(context: Context) {
  const { selinux, mcsPairs, store } = context;
  const inUse = (level: string) =>
    store.all().some((record) => record.selinux != null && levelOf(record.selinux) === level);

  function release(labels: Labels | null | undefined): void {
    if (labels != null && !inUse(levelOf(labels))) mcsPairs.release(levelOf(labels));
  }

  /** Null where there is no SELinux, or none with container types and no label was asked for. @throws invalid-parameter */
  function decide(hostConfig: HostConfig): Labels | null {
    const options = labelOptions(hostConfig.SecurityOpt);
    const isAsked = options !== null && !options.isDisabled;
    if (selinux === null) {
      if (isAsked) throw new EngineError('invalid-parameter', 'a label was asked for, and SELinux is not active here');
      return null;
    }
    if (!isAsked && !selinux.isKnown(exampleLabel)) return null;
    const labels = labelsFor(hostConfig, mcsPairs.reserve, (other) => context.find(other).selinux ?? null);
    if (options?.parts.level !== undefined) mcsPairs.hold(options.parts.level);
    const unknown = [labels.process, labels.mount].find((label) => !selinux.isKnown(label));
    if (unknown === undefined) return labels;
    release(labels);
    throw new EngineError('invalid-parameter', `the policy of SELinux on this host has no label ${unknown}`);
  }

  return {
    decide,
    release,
    /** Pairs of containers that came to nothing. */
    sweep: () =>
      mcsPairs.keepOnly(new Set(store.all().flatMap(({ selinux: own }) => (own == null ? [] : [levelOf(own)])))),

    /** At its start: what the host has today counts, which may have had no SELinux when it was created. */
    forStart(record: ContainerRecord): Labels | null {
      record.selinux = selinux !== null && record.selinux ? record.selinux : decide(record.hostConfig);
      return record.selinux;
    },

    /** Labels what is bound into it: the files that are its own, volumes, and directories of the host by `z` and `Z`. */
    async share(own: Labels | null, mounts: readonly ContainerMount[], ownFiles: string[]): Promise<void> {
      if (own === null) return;
      const ours = { refused: [], closed: [] };
      const ourPlaces = [context.dataDir, context.runDir];
      const hosts = { refused: [...hostDirectories, ...ourPlaces], closed: [...kernelDirectories, ...ourPlaces] };
      await Promise.all(ownFiles.map((file) => label(file, own.mount, ours)));
      for (const mount of mounts) {
        if (mount.type === 'tmpfs') continue;
        const isVolume = mount.type === 'volume';
        const relabel = mount.relabel ?? (isVolume ? 'shared' : null);
        if (relabel === null) continue;
        await label(mount.source, relabel === 'private' ? own.mount : sharedLabel(own), isVolume ? ours : hosts);
      }
    },
  };
}

export type ContainerLabels = ReturnType<typeof createContainerLabels>;

async function label(path: string, value: string, limits: Parameters<typeof labelTree>[2]): Promise<void> {
  try {
    await labelTree(path, value, limits);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : '';
    // A file system without labels of its own has one for all of it, which is the administrator's to choose.
    if (code === 'ENOTSUP' || code === 'EOPNOTSUPP') return;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('invalid-parameter', `SELinux relabelling of ${path} is not allowed or failed: ${why}`, {
      cause,
    });
  }
}
