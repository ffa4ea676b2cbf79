'use client';
import { Plus, X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { Button } from '@/components/ui/button.tsx';
import type { CreateDraft } from './create-draft.ts';
import type { CreateFieldProps } from './create-field-props.ts';

export function EnvRows({ draft, onChange, errorOf }: CreateFieldProps) {
  const t = useTranslations('create.rows');
  const edit = rowEditor(draft.env, (env) => onChange({ env }));
  return (
    <RowList addLabel={t('addVariable')} onAdd={() => edit.add({ name: '', value: '' })}>
      {draft.env.map((row, index) => (
        // Rows are only known by their place.
        <Row
          key={index}
          removeLabel={t('removeVariable', { number: index + 1 })}
          onRemove={() => edit.remove(index)}
          error={errorOf(`env.${index}`)}
        >
          <input
            aria-label={t('variableName', { number: index + 1 })}
            placeholder="NAME"
            value={row.name}
            onChange={(event) => edit.change(index, { name: event.target.value })}
            className="input flex-1 basis-32 font-mono"
          />
          <input
            aria-label={t('variableValue', { number: index + 1 })}
            placeholder={t('value')}
            value={row.value}
            onChange={(event) => edit.change(index, { value: event.target.value })}
            className="input flex-2 basis-40 font-mono"
          />
        </Row>
      ))}
    </RowList>
  );
}

export function PortRows({ draft, onChange, errorOf }: CreateFieldProps) {
  const t = useTranslations('create.rows');
  const edit = rowEditor(draft.ports, (ports) => onChange({ ports }));
  return (
    <RowList
      addLabel={t('addPort')}
      onAdd={() => edit.add({ hostAddress: '', hostPort: '', containerPort: '', protocol: 'tcp' })}
    >
      {draft.ports.map((row, index) => (
        // Rows are only known by their place.
        <Row
          key={index}
          removeLabel={t('removePort', { number: index + 1 })}
          onRemove={() => edit.remove(index)}
          error={errorOf(`ports.${index}`)}
        >
          <input
            aria-label={t('hostAddress', { number: index + 1 })}
            placeholder="0.0.0.0"
            value={row.hostAddress}
            onChange={(event) => edit.change(index, { hostAddress: event.target.value })}
            className="input flex-2 basis-28 font-mono"
          />
          <input
            aria-label={t('hostPort', { number: index + 1 })}
            placeholder={t('hostPortPlaceholder')}
            inputMode="numeric"
            value={row.hostPort}
            onChange={(event) => edit.change(index, { hostPort: event.target.value })}
            className="input flex-1 basis-24 font-mono"
          />
          <span aria-hidden className="self-center text-faint">
            →
          </span>
          <input
            aria-label={t('containerPort', { number: index + 1 })}
            placeholder={t('containerPortPlaceholder')}
            inputMode="numeric"
            value={row.containerPort}
            onChange={(event) => edit.change(index, { containerPort: event.target.value })}
            className="input flex-1 basis-24 font-mono"
          />
          <select
            aria-label={t('protocol', { number: index + 1 })}
            value={row.protocol}
            onChange={(event) => edit.change(index, { protocol: event.target.value === 'udp' ? 'udp' : 'tcp' })}
            className="input w-20 pr-7"
          >
            <option value="tcp">tcp</option>
            <option value="udp">udp</option>
          </select>
        </Row>
      ))}
    </RowList>
  );
}

export function MountRows({ draft, onChange, errorOf }: CreateFieldProps) {
  const t = useTranslations('create.rows');
  const edit = rowEditor(draft.mounts, (mounts) => onChange({ mounts }));
  return (
    <RowList
      addLabel={t('addMount')}
      onAdd={() => edit.add({ type: 'volume', source: '', target: '', readOnly: false })}
    >
      {draft.mounts.map((row, index) => (
        // Rows are only known by their place.
        <Row
          key={index}
          removeLabel={t('removeMount', { number: index + 1 })}
          onRemove={() => edit.remove(index)}
          error={errorOf(`mounts.${index}`)}
        >
          <select
            aria-label={t('mountType', { number: index + 1 })}
            value={row.type}
            onChange={(event) => edit.change(index, { type: readMountType(event.target.value) })}
            className="input w-28 pr-7"
          >
            <option value="volume">{t('mountTypes.volume')}</option>
            <option value="bind">{t('mountTypes.bind')}</option>
            <option value="tmpfs">{t('mountTypes.tmpfs')}</option>
          </select>
          {row.type !== 'tmpfs' && (
            <input
              aria-label={t('mountSource', { number: index + 1 })}
              placeholder={t(row.type === 'bind' ? 'pathPlaceholder' : 'volumePlaceholder')}
              value={row.source}
              onChange={(event) => edit.change(index, { source: event.target.value })}
              className="input flex-1 basis-32 font-mono"
            />
          )}
          <input
            aria-label={t('mountTarget', { number: index + 1 })}
            placeholder={t('targetPlaceholder')}
            value={row.target}
            onChange={(event) => edit.change(index, { target: event.target.value })}
            className="input flex-1 basis-32 font-mono"
          />
          <select
            aria-label={t('mountMode', { number: index + 1 })}
            value={row.readOnly ? 'ro' : 'rw'}
            onChange={(event) => edit.change(index, { readOnly: event.target.value === 'ro' })}
            className="input w-auto pr-7"
          >
            <option value="rw">{t('readWrite')}</option>
            <option value="ro">{t('readOnly')}</option>
          </select>
        </Row>
      ))}
    </RowList>
  );
}

function readMountType(value: string): CreateDraft['mounts'][number]['type'] {
  return value === 'bind' || value === 'tmpfs' ? value : 'volume';
}

function rowEditor<T>(rows: T[], onChange: (rows: T[]) => void) {
  return {
    add: (row: T) => onChange([...rows, row]),
    remove: (index: number) => onChange(rows.filter((_, at) => at !== index)),
    change: (index: number, part: Partial<T>) =>
      onChange(rows.map((row, at) => (at === index ? { ...row, ...part } : row))),
  };
}

function RowList({ addLabel, onAdd, children }: { addLabel: string; onAdd: () => void; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-2.5">
      {children}
      <Button size="sm" className="self-start" onClick={onAdd}>
        <Plus aria-hidden />
        {addLabel}
      </Button>
    </div>
  );
}

function Row({
  removeLabel,
  onRemove,
  error,
  children,
}: {
  removeLabel: string;
  onRemove: () => void;
  error: string | undefined;
  children: ReactNode;
}) {
  return (
    <div>
      <div className="flex items-start gap-2">
        <div className="flex min-w-0 flex-1 flex-wrap gap-2">{children}</div>
        <Button variant="ghost" size="icon" aria-label={removeLabel} onClick={onRemove}>
          <X aria-hidden />
        </Button>
      </div>
      {error && (
        <p role="alert" className="mt-1 text-danger text-xs">
          {error}
        </p>
      )}
    </div>
  );
}
