'use client';
import { FileArchive, Upload } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useRef, useState } from 'react';
import { useUnits } from '@/components/stats/use-units.ts';
import { Button } from '@/components/ui/button.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import { Field, TextField } from '@/components/ui/field.tsx';
import type { BuildDraft, BuildField } from './build-draft.ts';

interface BuildSourceProps {
  draft: BuildDraft;
  change: (part: Partial<BuildDraft>) => void;
  file: File | null;
  setFile: (file: File | null) => void;
  errorOf: (field: BuildField) => string | undefined;
}

const example = `FROM busybox:latest
RUN echo "hello" > /greeting
CMD ["cat", "/greeting"]
`;

export function BuildSource({ draft, change, file, setFile, errorOf }: BuildSourceProps) {
  const t = useTranslations('build');
  if (draft.source === 'dockerfile') {
    return (
      <Field label="Dockerfile" hint={t('textHint')} error={errorOf('text')}>
        {(control) => (
          <textarea
            {...control}
            rows={16}
            spellCheck={false}
            autoCapitalize="none"
            placeholder={example}
            value={draft.text}
            onChange={(event) => change({ text: event.target.value })}
            className="input h-auto resize-y py-2 font-mono text-sm leading-5"
          />
        )}
      </Field>
    );
  }
  return (
    <>
      <ContextFile file={file} setFile={setFile} error={errorOf('file')} />
      <TextField
        label={t('dockerfile')}
        hint={t('dockerfileHint')}
        autoCapitalize="none"
        value={draft.dockerfile}
        onChange={(event) => change({ dockerfile: event.target.value })}
      />
    </>
  );
}

interface ContextFileProps {
  file: File | null;
  setFile: (file: File | null) => void;
  error: string | undefined;
}

function ContextFile({ file, setFile, error }: ContextFileProps) {
  const t = useTranslations('build');
  const { bytes } = useUnits();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the button is the first. */}
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          setFile(event.dataTransfer.files[0] ?? null);
        }}
        className={classNames(
          'flex flex-col items-center gap-2 rounded-md border border-line-strong border-dashed px-4 py-8 text-center',
          over && 'border-accent bg-accent-soft',
          error && 'border-danger',
        )}
      >
        <FileArchive aria-hidden className="size-6 text-faint" />
        {file ? (
          <p className="break-all font-medium">
            {file.name} <span className="font-normal text-muted">({bytes(file.size)})</span>
          </p>
        ) : (
          <p className="text-muted text-sm">{t('contextHint')}</p>
        )}
        <input
          ref={input}
          type="file"
          aria-label={t('contextFile')}
          accept=".tar,.tar.gz,.tgz,application/x-tar,application/gzip"
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => setFile(event.target.files?.[0] ?? null)}
        />
        <Button size="sm" onClick={() => input.current?.click()}>
          <Upload aria-hidden />
          {t('chooseFile')}
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
