'use client';
import { Plus, Upload, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { type FormEvent, useState, useTransition } from 'react';
import { toast } from 'sonner';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { CopyButton } from '@/components/ui/copy-button.tsx';
import { isReference } from '@/format/reference.ts';
import type { ImageDetailView } from '@/server/views.ts';
import type { ImagePageMutations } from './image-header.tsx';

interface TagsCardProps {
  image: ImageDetailView;
  mutations: ImagePageMutations;
  onPush: (tag: string) => void;
}

export function TagsCard({ image, mutations, onPush }: TagsCardProps) {
  const t = useTranslations('images.tags');
  const offline = image.hostState === 'offline';
  const [asked, setAsked] = useState('');
  const [open, setOpen] = useState(false);
  const isLast = image.repoTags.length === 1;
  const untag = async () => {
    const result = await mutations.remove(image.hostId, asked, { force: false });
    if (!result.ok) return result.message;
    toast.success(t('removed', { tag: asked }));
    return null;
  };
  return (
    <Card>
      <CardHeader title={t('title')} />
      <ul className="divide-y divide-line">
        {image.repoTags.map((tag) => (
          <li key={tag} className="flex items-center gap-1 py-1.5 pr-3 pl-4">
            <span className="min-w-0 flex-1 break-all">{tag}</span>
            <CopyButton text={tag} iconOnly />
            <Button
              variant="ghost"
              size="icon-sm"
              disabled={offline}
              aria-label={t('push', { tag })}
              title={t('push', { tag })}
              onClick={() => onPush(tag)}
            >
              <Upload aria-hidden />
            </Button>
            <Button
              variant="ghost"
              size="icon-sm"
              disabled={offline}
              aria-label={t('remove', { tag })}
              title={t('remove', { tag })}
              onClick={() => {
                setAsked(tag);
                setOpen(true);
              }}
            >
              <X aria-hidden />
            </Button>
          </li>
        ))}
        {image.repoTags.length === 0 && <li className="px-4 py-3 text-muted text-sm">{t('none')}</li>}
        <li className="px-4 py-3">
          <AddTag image={image} add={mutations.tag} disabled={offline} />
        </li>
      </ul>
      {image.repoDigests.length > 0 && (
        <>
          <h3 className="border-line border-t px-4 pt-3 font-medium text-muted text-sm">{t('digests')}</h3>
          <ul className="px-4 pt-1 pb-3">
            {image.repoDigests.map((digest) => (
              <li key={digest} className="flex items-center gap-1">
                <code className="min-w-0 flex-1 break-all text-xs">{digest}</code>
                <CopyButton text={digest} iconOnly />
              </li>
            ))}
          </ul>
        </>
      )}
      <ConfirmDialog
        open={open}
        onOpenChange={setOpen}
        title={t('removeTitle', { tag: asked })}
        confirmLabel={t('removeConfirm')}
        onConfirm={untag}
      >
        <p>{t(isLast ? 'removeLastText' : 'removeText')}</p>
      </ConfirmDialog>
    </Card>
  );
}

interface AddTagProps {
  image: ImageDetailView;
  add: ImagePageMutations['tag'];
  disabled: boolean;
}

function AddTag({ image, add, disabled }: AddTagProps) {
  const t = useTranslations('images.tags');
  const [name, setName] = useState('');
  const [failure, setFailure] = useState<string | null>(null);
  const [pending, startTransition] = useTransition();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const reference = name.trim();
    if (!isReference(reference) || reference.includes('@')) return setFailure(t('wrong'));
    startTransition(async () => {
      const result = await add(image.hostId, image.id, reference);
      setFailure(result.ok ? null : result.message);
      if (!result.ok) return;
      toast.success(t('added', { tag: reference }));
      setName('');
    });
  };
  return (
    <form noValidate onSubmit={submit} className="flex flex-wrap gap-2">
      <input
        aria-label={t('name')}
        placeholder="registry.example.com/name:tag"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        disabled={disabled}
        value={name}
        onChange={(event) => {
          setName(event.target.value);
          setFailure(null);
        }}
        className="input flex-1 basis-48"
      />
      <Button type="submit" pending={pending} disabled={disabled || name.trim() === ''}>
        {!pending && <Plus aria-hidden />}
        {t('add')}
      </Button>
      {failure && (
        <Banner tone="danger" role="alert" className="basis-full">
          {failure}
        </Banner>
      )}
    </form>
  );
}
