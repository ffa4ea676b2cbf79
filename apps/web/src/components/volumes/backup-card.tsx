'use client';
import { ArchiveRestore, Download } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useRef, useState } from 'react';
import { type FileSpaceView, spaceUrl } from '@/components/files/file-space.ts';
import { Button, buttonClass } from '@/components/ui/button.tsx';
import { Card, CardHeader } from '@/components/ui/card.tsx';
import type { VolumeView } from '@/server/views.ts';
import { RestoreDialog } from './restore-dialog.tsx';
import { RestoreProgress } from './restore-progress.tsx';
import { useRestore } from './use-restore.ts';
import { volumeSource } from './volume-types.ts';

/** The whole volume as a tar, and a tar as the whole volume. */
export function BackupCard({ volume, onRestored }: { volume: VolumeView; onRestored: () => void }) {
  const t = useTranslations('volumes.backup');
  const space: FileSpaceView = { kind: 'volumes', hostId: volume.hostId, id: volume.name, name: volume.name };
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const { restore, start, cancel } = useRestore(space, onRestored);
  const offline = volume.hostState === 'offline';
  const isBusy = restore.step === 'sending';
  if (volumeSource(volume) !== null) return null;
  return (
    <Card>
      <CardHeader title={t('title')} />
      <div className="flex flex-col gap-4 p-4">
        <div>
          <p className="mb-2 text-muted text-sm">{t('downloadText')}</p>
          {offline ? (
            <Button disabled>
              <Download aria-hidden />
              {t('download')}
            </Button>
          ) : (
            <a href={spaceUrl(space, 'archive', {})} download className={buttonClass({ variant: 'primary' })}>
              <Download aria-hidden />
              {t('download')}
            </a>
          )}
        </div>
        <div className="border-line border-t pt-4">
          <p className="mb-2 text-muted text-sm">{t('restoreText')}</p>
          <input
            ref={input}
            type="file"
            aria-label={t('file')}
            accept=".tar,.tar.gz,.tgz,.tar.zst,application/x-tar,application/gzip"
            tabIndex={-1}
            className="sr-only"
            onChange={(event) => {
              const [chosen] = event.target.files ?? [];
              event.target.value = '';
              if (!chosen) return;
              setFile(chosen);
              setIsAsking(true);
            }}
          />
          <Button disabled={offline || isBusy} onClick={() => input.current?.click()}>
            <ArchiveRestore aria-hidden />
            {t('restore')}
          </Button>
          <RestoreProgress restore={restore} onCancel={cancel} />
        </div>
      </div>
      {file && (
        <RestoreDialog
          volume={volume}
          file={file}
          open={isAsking}
          onOpenChange={setIsAsking}
          onConfirm={(options) => start(file, options)}
        />
      )}
    </Card>
  );
}
