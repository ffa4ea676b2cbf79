'use client';
import Link from 'next/link';
import { useTranslations } from 'next-intl';
import { useId } from 'react';
import { Field, SelectField, TextField } from '@/components/ui/field.tsx';
import { SwitchField } from '@/components/ui/switch-field.tsx';
import type { HostView, ImageView } from '@/server/views.ts';
import type { CreateFieldProps } from './create-field-props.ts';

export function GeneralFields({
  draft,
  onChange,
  errorOf,
  hosts,
  images,
}: CreateFieldProps & { hosts: HostView[]; images: ImageView[] }) {
  const t = useTranslations('create');
  const listId = useId();
  const tags = [...new Set(images.filter((image) => image.hostId === draft.hostId).flatMap((image) => image.repoTags))];
  const pickHost = (hostId: string) => {
    const first = images.find((image) => image.hostId === hostId)?.repoTags[0];
    onChange({ hostId, image: first ?? '' });
  };
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
      <SelectField
        label={t('host')}
        error={errorOf('hostId')}
        value={draft.hostId}
        onChange={(event) => pickHost(event.target.value)}
      >
        {hosts.length === 0 && <option value="">{t('noHost')}</option>}
        {hosts.map((host) => (
          <option key={host.id} value={host.id}>
            {host.state === 'offline' ? t('hostOfflineOption', { name: host.name }) : host.name}
          </option>
        ))}
      </SelectField>
      <Field
        label={t('image')}
        error={errorOf('image')}
        hint={
          tags.length > 0 ? (
            t('imageHint', { count: tags.length })
          ) : (
            <>
              {t('noImages')}{' '}
              <Link href="/images" className="text-accent underline">
                {t('uploadImage')}
              </Link>
            </>
          )
        }
      >
        {(control) => (
          <>
            <input
              {...control}
              list={listId}
              autoComplete="off"
              spellCheck={false}
              placeholder={t('imagePlaceholder')}
              value={draft.image}
              onChange={(event) => onChange({ image: event.target.value })}
              className="input font-mono text-sm"
            />
            <datalist id={listId}>
              {tags.map((tag) => (
                <option key={tag} value={tag} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      <TextField
        label={t('name')}
        optional={t('optional')}
        error={errorOf('name')}
        hint={t('nameHint')}
        value={draft.name}
        onChange={(event) => onChange({ name: event.target.value })}
      />
      <TextField
        label={t('command')}
        optional={t('optional')}
        error={errorOf('command')}
        hint={t('commandHint')}
        placeholder={t('commandPlaceholder')}
        value={draft.command}
        onChange={(event) => onChange({ command: event.target.value })}
      />
      <details className="group sm:col-span-2">
        <summary className="w-fit select-none rounded-sm font-medium text-accent text-sm">{t('more')}</summary>
        <div className="mt-3 grid grid-cols-1 gap-4 sm:grid-cols-2">
          <TextField
            label={t('entrypoint')}
            optional={t('optional')}
            error={errorOf('entrypoint')}
            value={draft.entrypoint}
            onChange={(event) => onChange({ entrypoint: event.target.value })}
          />
          <TextField
            label={t('hostname')}
            optional={t('optional')}
            value={draft.hostname}
            onChange={(event) => onChange({ hostname: event.target.value })}
          />
          <TextField
            label={t('user')}
            optional={t('optional')}
            placeholder="1000:1000"
            value={draft.user}
            onChange={(event) => onChange({ user: event.target.value })}
          />
          <TextField
            label={t('workingDir')}
            optional={t('optional')}
            placeholder="/app"
            value={draft.workingDir}
            onChange={(event) => onChange({ workingDir: event.target.value })}
          />
          <SwitchField label={t('tty')} hint={t('ttyHint')} checked={draft.tty} onChange={(tty) => onChange({ tty })} />
        </div>
      </details>
    </div>
  );
}
