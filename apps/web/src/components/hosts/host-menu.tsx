'use client';
import { Pencil, Trash2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { toast } from 'sonner';
import { Button } from '@/components/ui/button.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { TextField } from '@/components/ui/field.tsx';
import type { ActionResult } from '@/server/views.ts';

interface HostMenuProps {
  host: { id: string; name: string };
  rename: (hostId: string, name: string) => Promise<ActionResult>;
  remove: (hostId: string) => Promise<ActionResult>;
}

export function HostMenu({ host, rename, remove }: HostMenuProps) {
  const t = useTranslations('hosts');
  const router = useRouter();
  const [dialog, setDialog] = useState<'rename' | 'remove' | null>(null);
  const [name, setName] = useState(host.name);
  const close = (open: boolean) => !open && setDialog(null);
  const confirmRename = async () => {
    const result = await rename(host.id, name.trim());
    if (!result.ok) return result.message;
    toast.success(t('renamed', { name: name.trim() }));
    return null;
  };
  const confirmRemove = async () => {
    const result = await remove(host.id);
    if (!result.ok) return result.message;
    toast.success(t('removed', { name: host.name }));
    router.push('/hosts');
    return null;
  };
  return (
    <>
      <Button
        onClick={() => {
          setName(host.name);
          setDialog('rename');
        }}
      >
        <Pencil aria-hidden />
        {t('rename')}
      </Button>
      <Button variant="danger-quiet" onClick={() => setDialog('remove')}>
        <Trash2 aria-hidden />
        {t('remove')}
      </Button>
      <ConfirmDialog
        open={dialog === 'rename'}
        onOpenChange={close}
        title={t('renameTitle', { name: host.name })}
        confirmLabel={t('rename')}
        tone="primary"
        onConfirm={confirmRename}
      >
        <TextField
          className="mt-2 text-ink"
          label={t('name')}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </ConfirmDialog>
      <ConfirmDialog
        open={dialog === 'remove'}
        onOpenChange={close}
        title={t('removeTitle', { name: host.name })}
        confirmLabel={t('remove')}
        onConfirm={confirmRemove}
      >
        <p>{t('removeText')}</p>
      </ConfirmDialog>
    </>
  );
}
