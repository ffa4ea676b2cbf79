/** Where files are browsed: a container's root or a volume. */
import { closeFd, type Owner } from '@berth/native';

export interface Place {
  /** As messages call it: `container 0123456789ab`. */
  name: string;
  /** Its files as they really are: a descriptor that is closed after use. */
  open(): Promise<number>;
  /** Its root user, as seen through that descriptor. */
  owner(): Owner;
  /** @throws forbidden where nothing may be written */
  refuseChange(): void;
  /** What is said of a change where the kernel lets nobody write. */
  readOnly: string;
  /** Around a change: what must not happen meanwhile waits. */
  change<T>(work: () => Promise<T>): Promise<T>;
}

export async function withRoot<T>(place: Place, work: (root: number) => Promise<T>): Promise<T> {
  const root = await place.open();
  try {
    return await work(root);
  } finally {
    closeFd(root);
  }
}
