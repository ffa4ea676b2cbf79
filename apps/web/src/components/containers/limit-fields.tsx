'use client';
import { useTranslations } from 'next-intl';
import { useUnits } from '@/components/stats/use-units.ts';
import { Field, SelectField, TextField } from '@/components/ui/field.tsx';
import type { MemoryUnit } from '@/format/bytes.ts';
import type { LimitDraft } from './limit-draft.ts';

interface LimitFieldsProps {
  draft: LimitDraft;
  onChange: (change: Partial<LimitDraft>) => void;
  errors: Partial<Record<'memory' | 'cpus' | 'pids' | 'retries', string>>;
  /** The host's own size, to say what a limit is out of. */
  host: { cpuCount: number; memoryBytes: number } | null;
  /** A new container without a figure gets the host's default; an existing one loses its limit. */
  emptyPids: 'default' | 'none';
}

export function LimitFields({ draft, onChange, errors, host, emptyPids }: LimitFieldsProps) {
  const t = useTranslations('containers.limits');
  const { bytes } = useUnits();
  return (
    <div className="grid grid-cols-1 gap-4 sm:grid-cols-2">
      <Field
        label={t('memory')}
        error={errors.memory}
        hint={host ? t('memoryHint', { value: bytes(host.memoryBytes) }) : t('emptyHint')}
      >
        {(control) => (
          <div className="flex gap-2">
            <input
              {...control}
              inputMode="decimal"
              placeholder={t('none')}
              value={draft.memory}
              onChange={(event) => onChange({ memory: event.target.value })}
              className="input"
            />
            <select
              aria-label={t('memoryUnit')}
              value={draft.memoryUnit}
              onChange={(event) => onChange({ memoryUnit: readUnit(event.target.value) })}
              className="input w-22 shrink-0 pr-7"
            >
              <option>MiB</option>
              <option>GiB</option>
            </select>
          </div>
        )}
      </Field>
      <TextField
        label={t('cpus')}
        error={errors.cpus}
        hint={host ? t('cpusHint', { count: host.cpuCount }) : t('emptyHint')}
        inputMode="decimal"
        placeholder={t('none')}
        value={draft.cpus}
        onChange={(event) => onChange({ cpus: event.target.value })}
      />
      <TextField
        label={t('pids')}
        error={errors.pids}
        hint={t(`pidsHints.${emptyPids}`)}
        inputMode="numeric"
        placeholder={t(emptyPids)}
        value={draft.pids}
        onChange={(event) => onChange({ pids: event.target.value })}
      />
      <div className="flex gap-2">
        <SelectField
          className="flex-1"
          label={t('restart')}
          hint={t(`restartHints.${draft.restart}`)}
          value={draft.restart}
          onChange={(event) => onChange({ restart: readRestart(event.target.value) })}
        >
          <option value="no">{t('restarts.no')}</option>
          <option value="always">{t('restarts.always')}</option>
          <option value="unless-stopped">{t('restarts.unless-stopped')}</option>
          <option value="on-failure">{t('restarts.on-failure')}</option>
        </SelectField>
        {draft.restart === 'on-failure' && (
          <TextField
            className="w-24"
            label={t('retries')}
            error={errors.retries}
            inputMode="numeric"
            placeholder="∞"
            value={draft.retries}
            onChange={(event) => onChange({ retries: event.target.value })}
          />
        )}
      </div>
    </div>
  );
}

function readUnit(value: string): MemoryUnit {
  return value === 'GiB' ? 'GiB' : 'MiB';
}

function readRestart(value: string): LimitDraft['restart'] {
  return value === 'always' || value === 'unless-stopped' || value === 'on-failure' ? value : 'no';
}
