import { server } from '../context.ts';

/** Whether the dashboard still waits for its first administrator. */
export async function setupNeeded(): Promise<boolean> {
  return !server().store.users.hasAny();
}
