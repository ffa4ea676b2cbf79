'use client';
import { ArrowLeft, Download, FileQuestion, FileWarning, FileX, Pencil, Save, Undo2 } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useTranslations } from 'next-intl';
import { useEffect, useRef, useState } from 'react';
import { toast } from 'sonner';
import { useUnits } from '@/components/stats/use-units.ts';
import { Banner } from '@/components/ui/banner.tsx';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { Skeleton } from '@/components/ui/skeleton.tsx';
import { joinPath } from '@/format/file-path.ts';
import { visibleText } from '@/format/visible-text.ts';
import { type FileSpaceView, spaceUrl } from './file-space.ts';
import { textBytesMax } from './file-text.ts';
import { writeText } from './request.ts';
import type { TextEditorHandle } from './text-editor.tsx';
import { useFile } from './use-file.ts';

const TextEditor = dynamic(() => import('./text-editor.tsx').then((module) => module.TextEditor), {
  ssr: false,
  loading: () => <EditorSkeleton />,
});

interface FileViewProps {
  space: FileSpaceView;
  directory: string;
  name: string;
  /** There is text that is not saved. */
  isDirty: boolean;
  onDirty: (isDirty: boolean) => void;
  /** Back to the list. */
  onClose: () => void;
}

/** A file as text, to read and to change. What is no text, or too much of it, can be downloaded. */
export function FileView({ space, directory, name, isDirty, onDirty, onClose }: FileViewProps) {
  const t = useTranslations('files');
  const { bytes } = useUnits();
  const path = joinPath(directory, name);
  const { file, setFile, reload } = useFile(space, path);
  const editor = useRef<TextEditorHandle>(null);
  /** What was last saved from here; null when nothing was, and the file is as it was read. */
  const saved = useRef<string | null>(null);
  const [isEditing, setEditing] = useState(false);
  const [isSaving, setSaving] = useState(false);
  const [failure, setFailure] = useState<{ kind: string; message: string } | null>(null);
  const shown = visibleText(name);
  useEffect(() => () => onDirty(false), [onDirty]);

  const save = async (etag: string | null | undefined) => {
    if (file.step !== 'text' || !editor.current || isSaving) return;
    const text = editor.current.text();
    setSaving(true);
    setFailure(null);
    const result = await writeText(space, path, { text, etag });
    setSaving(false);
    if (!result.ok) return setFailure({ kind: result.kind, message: result.message || t('connectionLost') });
    // The text on the page is the file's now; the editor keeps it, with its cursor and its history.
    saved.current = text;
    setFile({ ...file, etag: result.value.etag });
    onDirty(editor.current?.text() !== text);
    editor.current?.focus();
    toast.success(t('saved', { name: shown }));
  };
  const giveUp = () => {
    setFailure(null);
    onDirty(false);
    setEditing(false);
    saved.current = null;
    reload();
  };
  const keepEditing = () => {
    setFailure(null);
    editor.current?.focus();
  };
  const isText = file.step === 'text';
  return (
    <div>
      <div className="flex flex-wrap items-center gap-2 border-line border-b px-3 py-2">
        <Button variant="ghost" size="sm" className="max-sm:hidden" onClick={onClose}>
          <ArrowLeft aria-hidden />
          {t('backToList')}
        </Button>
        <span className="ml-auto text-muted text-sm" role="status">
          {isDirty && t('unsaved')}
        </span>
        {isText && !isEditing && (
          <Button size="sm" onClick={() => setEditing(true)}>
            <Pencil aria-hidden />
            {t('edit')}
          </Button>
        )}
        {isText && isEditing && (
          <>
            <Button size="sm" disabled={isSaving} onClick={giveUp}>
              <Undo2 aria-hidden />
              {t(isDirty ? 'discard' : 'endEditing')}
            </Button>
            <Button
              size="sm"
              variant="primary"
              pending={isSaving}
              disabled={!isDirty}
              onClick={() => save(file.etag ?? undefined)}
            >
              {!isSaving && <Save aria-hidden />}
              {t('save')}
            </Button>
          </>
        )}
        <a href={spaceUrl(space, 'file', { path })} download className={buttonClass({ size: 'sm' })}>
          <Download aria-hidden />
          {t('actions.download')}
        </a>
      </div>
      {failure?.kind === 'changed' && (
        <Banner tone="warning" role="alert" className="m-3" title={t('changedTitle')}>
          <p>{t('changedText')}</p>
          <div className="mt-2 flex flex-wrap gap-2">
            <Button size="sm" onClick={giveUp}>
              {t('takeTheirs')}
            </Button>
            <Button size="sm" variant="danger-quiet" onClick={() => save(undefined)}>
              {t('overwrite')}
            </Button>
            <Button size="sm" variant="ghost" onClick={keepEditing}>
              {t('keepEditing')}
            </Button>
          </div>
        </Banner>
      )}
      {failure && failure.kind !== 'changed' && (
        <Banner tone="danger" role="alert" className="m-3" title={t('notSaved', { name: shown })}>
          {visibleText(failure.message)}
        </Banner>
      )}
      {file.step === 'loading' && <EditorSkeleton />}
      {isText && (
        <TextEditor
          ref={editor}
          name={name}
          text={file.text}
          label={shown}
          readOnly={!isEditing}
          onChange={() => onDirty(editor.current?.text() !== (saved.current ?? file.text))}
          onSave={() => isEditing && isDirty && save(file.etag ?? undefined)}
        />
      )}
      {(file.step === 'binary' || file.step === 'large') && (
        <EmptyState
          icon={file.step === 'binary' ? FileQuestion : FileWarning}
          title={t(file.step === 'binary' ? 'binaryTitle' : 'largeTitle')}
        >
          {file.step === 'binary'
            ? t('binaryText', { size: bytes(file.bytes) })
            : t('largeText', { size: bytes(file.bytes), max: bytes(textBytesMax) })}
        </EmptyState>
      )}
      {file.step === 'failed' && (
        <div role="alert">
          <EmptyState icon={FileX} title={t('fileFailed')} action={<Button onClick={reload}>{t('retry')}</Button>}>
            {file.message ? visibleText(file.message) : t('connectionLost')}
          </EmptyState>
        </div>
      )}
    </div>
  );
}

function EditorSkeleton() {
  return (
    <div className="flex flex-col gap-2 p-4">
      <Skeleton className="h-4 w-2/5" />
      <Skeleton className="h-4 w-3/5" />
      <Skeleton className="h-4 w-1/3" />
    </div>
  );
}
