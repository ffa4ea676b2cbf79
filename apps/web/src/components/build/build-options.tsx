'use client';
import { Plus, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Button } from '@/components/ui/button.tsx';
import { Checkbox } from '@/components/ui/checkbox.tsx';
import { TextField } from '@/components/ui/field.tsx';
import { SwitchField } from '@/components/ui/switch-field.tsx';
import type { BuildDraft, BuildField } from './build-draft.ts';

interface BuildOptionsProps {
  draft: BuildDraft;
  change: (part: Partial<BuildDraft>) => void;
  registries: string[];
  errorOf: (field: BuildField) => string | undefined;
}

export function BuildOptions({ draft, change, registries, errorOf }: BuildOptionsProps) {
  const t = useTranslations('build');
  return (
    <>
      <TextField
        label={t('tags')}
        hint={t('tagsHint')}
        error={errorOf('tags')}
        placeholder="name:tag"
        autoCapitalize="none"
        value={draft.tags}
        onChange={(event) => change({ tags: event.target.value })}
      />
      <TextField
        label={t('target')}
        hint={t('targetHint')}
        autoCapitalize="none"
        value={draft.target}
        onChange={(event) => change({ target: event.target.value })}
      />
      <BuildArguments {...{ draft, change, errorOf }} />
      <SwitchField
        label={t('noCache')}
        hint={t('noCacheHint')}
        checked={draft.noCache}
        onChange={(noCache) => change({ noCache })}
      />
      <SwitchField label={t('pull')} hint={t('pullHint')} checked={draft.pull} onChange={(pull) => change({ pull })} />
      {registries.length > 0 && (
        <fieldset>
          <legend className="font-medium text-sm">{t('registries')}</legend>
          <p className="mb-2 text-muted text-xs">{t('registriesHint')}</p>
          <ul className="flex flex-col gap-1.5">
            {registries.map((host) => (
              <li key={host} className="flex items-center gap-2">
                <Checkbox
                  label={host}
                  checked={draft.registries.includes(host)}
                  onChange={(chosen) =>
                    change({
                      registries: chosen
                        ? [...draft.registries, host]
                        : draft.registries.filter((each) => each !== host),
                    })
                  }
                />
                <span className="break-all text-sm">{host}</span>
              </li>
            ))}
          </ul>
        </fieldset>
      )}
    </>
  );
}

function BuildArguments({ draft, change, errorOf }: Omit<BuildOptionsProps, 'registries'>) {
  const t = useTranslations('build');
  const edit = (index: number, part: Partial<BuildDraft['args'][number]>) =>
    change({ args: draft.args.map((row, at) => (at === index ? { ...row, ...part } : row)) });
  const error = errorOf('args');
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 font-medium text-sm">{t('args')}</legend>
      {draft.args.map((row, index) => (
        // Rows are only known by their place.
        <div key={index} className="flex gap-2">
          <input
            aria-label={t('argName', { number: index + 1 })}
            placeholder="NAME"
            value={row.name}
            onChange={(event) => edit(index, { name: event.target.value })}
            className="input flex-1 font-mono"
          />
          <input
            aria-label={t('argValue', { number: index + 1 })}
            placeholder={t('argValuePlaceholder')}
            value={row.value}
            onChange={(event) => edit(index, { value: event.target.value })}
            className="input flex-1 font-mono"
          />
          <Button
            variant="ghost"
            size="icon"
            aria-label={t('removeArg', { number: index + 1 })}
            onClick={() => change({ args: draft.args.filter((_, at) => at !== index) })}
          >
            <X aria-hidden />
          </Button>
        </div>
      ))}
      {error && (
        <p role="alert" className="text-danger text-xs">
          {error}
        </p>
      )}
      <Button
        size="sm"
        className="self-start"
        onClick={() => change({ args: [...draft.args, { name: '', value: '' }] })}
      >
        <Plus aria-hidden />
        {t('addArg')}
      </Button>
    </fieldset>
  );
}
