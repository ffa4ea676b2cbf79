/** What AppArmor profile a container's processes get. Pure. */
import type { ContainerRecord } from '../containers/store.ts';

const option = (record: ContainerRecord) =>
  record.hostConfig.SecurityOpt.find((one) => /^apparmor[:=]/.test(one))?.slice('apparmor='.length);

/** The profile for a process of this container; undefined for none. What was asked for by name is never left out. */
export function appArmorFor(record: ContainerRecord, profile: string | null): string | undefined {
  const asked = option(record);
  if (asked !== undefined) return asked === 'unconfined' ? undefined : asked;
  return record.hostConfig.Privileged ? undefined : (profile ?? undefined);
}
