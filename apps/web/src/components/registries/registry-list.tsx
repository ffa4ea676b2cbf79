'use client';
import { KeyRound, Pencil, Plus, Trash2 } from 'lucide-react';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import type { HostChoice } from '@/components/images/image-types.ts';
import { Button } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { PageHeader } from '@/components/ui/page-header.tsx';
import { TimeAgo } from '@/components/ui/time-ago.tsx';
import type { RegistryView } from '@/server/views.ts';
import { RegistryDialog } from './registry-dialog.tsx';
import type { RegistryMutations } from './registry-types.ts';

interface RegistryListProps {
  registries: RegistryView[];
  hosts: HostChoice[];
  mutations: RegistryMutations;
}

export function RegistryList({ registries, hosts, mutations }: RegistryListProps) {
  const t = useTranslations('registries');
  const images = useTranslations('images');
  const router = useRouter();
  const [edited, setEdited] = useState<RegistryView | null>(null);
  const [dialog, setDialog] = useState<'edit' | 'remove' | null>(null);
  const edit = (registry: RegistryView | null) => {
    setEdited(registry);
    setDialog('edit');
  };
  const remove = async () => {
    const host = edited?.host ?? '';
    const result = await mutations.remove(host);
    if (!result.ok) return result.message;
    toast.success(t('removed', { host }));
    router.refresh();
    return null;
  };
  const add = (
    <Button variant="primary" onClick={() => edit(null)}>
      <Plus aria-hidden />
      {t('add')}
    </Button>
  );
  return (
    <>
      <nav aria-label={images('path')} className="mb-2 flex items-center gap-1 text-muted text-sm">
        <Link href="/images" className="hover:text-accent hover:underline">
          {images('title')}
        </Link>
      </nav>
      <PageHeader title={t('title')} description={t('text')} actions={registries.length > 0 && add} />
      <Card className="overflow-hidden">
        {registries.length === 0 ? (
          <EmptyState icon={KeyRound} title={t('empty')} action={add}>
            {t('emptyText')}
          </EmptyState>
        ) : (
          <ul className="divide-y divide-line">
            {registries.map((registry) => (
              <li key={registry.host} className="flex items-center gap-3 px-4 py-2.5">
                <KeyRound aria-hidden className="size-4 shrink-0 text-faint" />
                <div className="min-w-0 flex-1">
                  <p className="break-all font-medium">{registry.host}</p>
                  <p className="break-all text-muted text-sm">
                    {t.rich('account', {
                      name: registry.username,
                      ago: () => <TimeAgo at={registry.updatedAt} />,
                    })}
                  </p>
                </div>
                <Button
                  variant="ghost"
                  size="icon-sm"
                  aria-label={t('editNamed', { host: registry.host })}
                  title={t('edit')}
                  onClick={() => edit(registry)}
                >
                  <Pencil aria-hidden />
                </Button>
                <Button
                  variant="ghost"
                  size="icon-sm"
                  aria-label={t('removeNamed', { host: registry.host })}
                  title={t('remove')}
                  onClick={() => {
                    setEdited(registry);
                    setDialog('remove');
                  }}
                >
                  <Trash2 aria-hidden />
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Card>
      <p className="mt-3 max-w-2xl text-muted text-sm">{t('storage')}</p>
      <RegistryDialog
        // Each opening begins with what is stored.
        key={`${edited?.host}-${dialog === 'edit'}`}
        registry={edited}
        hosts={hosts}
        mutations={mutations}
        open={dialog === 'edit'}
        onOpenChange={(open) => setDialog(open ? 'edit' : null)}
        onSaved={() => router.refresh()}
      />
      <ConfirmDialog
        open={dialog === 'remove'}
        onOpenChange={(open) => setDialog(open ? 'remove' : null)}
        title={t('removeTitle', { host: edited?.host ?? '' })}
        confirmLabel={t('remove')}
        onConfirm={remove}
      >
        <p>{t('removeText')}</p>
      </ConfirmDialog>
    </>
  );
}
