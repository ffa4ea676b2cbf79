import { requireUser } from '../auth/require-user.ts';
import { server } from '../context.ts';
import type { RegistryView } from '../views.ts';

export async function listRegistries(): Promise<RegistryView[]> {
  await requireUser();
  return server()
    .store.registries.list()
    .map(({ host, username, createdAt, updatedAt }) => ({ host, username, createdAt, updatedAt }));
}
