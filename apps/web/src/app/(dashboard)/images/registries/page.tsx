import type { Metadata } from 'next';
import { getTranslations } from 'next-intl/server';
import { RegistryList } from '@/components/registries/registry-list.tsx';
import { listHosts } from '@/server/inventory/list-hosts.ts';
import { listRegistries } from '@/server/inventory/list-registries.ts';
import { submitRegistry, submitRemoveRegistry, submitTestRegistry } from './actions.ts';

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getTranslations('registries'))('title') };
}

export default async function RegistriesPage() {
  const [registries, hosts] = await Promise.all([listRegistries(), listHosts()]);
  return (
    <RegistryList
      registries={registries}
      hosts={hosts.map(({ id, name, state }) => ({ id, name, state }))}
      mutations={{ save: submitRegistry, remove: submitRemoveRegistry, test: submitTestRegistry }}
    />
  );
}
