'use client';
import { CircleCheck, FileArchive, Upload, X } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useTranslations } from 'next-intl';
import { useRef, useState } from 'react';
import { useUnits } from '@/components/stats/use-units.ts';
import { Banner } from '@/components/ui/banner.tsx';
import { Button } from '@/components/ui/button.tsx';
import { Card } from '@/components/ui/card.tsx';
import { classNames } from '@/components/ui/class-names.ts';
import { ProgressBar } from '@/components/ui/progress-bar.tsx';
import { loadImage, type UploadProgress } from './load-image.ts';

type UploadState =
  | { step: 'idle' }
  | ({ step: 'sending'; fileName: string; line: string } & UploadProgress)
  | { step: 'done'; fileName: string; line: string }
  | { step: 'failed'; fileName: string; message: string };

/** A tarball as `docker save` writes it: chosen or dropped, sent with its progress, and the engine's own words at the end. */
export function UploadImage({ hosts }: { hosts: { id: string; name: string; state: 'online' | 'offline' }[] }) {
  const t = useTranslations('images.upload');
  const router = useRouter();
  const input = useRef<HTMLInputElement>(null);
  const abort = useRef<AbortController | null>(null);
  const online = hosts.filter((host) => host.state === 'online');
  const [chosenId, setHostId] = useState('');
  const hostId = online.some((host) => host.id === chosenId) ? chosenId : (online[0]?.id ?? '');
  const [state, setState] = useState<UploadState>({ step: 'idle' });
  const [over, setOver] = useState(false);
  const busy = state.step === 'sending';

  const send = async (file: File | undefined) => {
    if (!file || !hostId || busy) return;
    abort.current = new AbortController();
    setState({ step: 'sending', fileName: file.name, sentBytes: 0, totalBytes: file.size, line: '' });
    const result = await loadImage({
      url: `/api/hosts/${hostId}/images/load`,
      file,
      signal: abort.current.signal,
      onProgress: (progress) => setState((kept) => (kept.step === 'sending' ? { ...kept, ...progress } : kept)),
    });
    if (result.ok) {
      setState({ step: 'done', fileName: file.name, line: result.value });
      router.refresh();
    } else if (result.kind === 'cancelled') {
      setState({ step: 'idle' });
    } else setState({ step: 'failed', fileName: file.name, message: result.message || t('connectionLost') });
  };

  return (
    <Card
      className={classNames('mb-4 p-4', over && 'border-accent bg-accent-soft')}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        send(event.dataTransfer.files[0]);
      }}
    >
      <div className="flex flex-wrap items-center gap-3">
        <FileArchive aria-hidden className="size-5 text-faint" />
        <div className="min-w-52 flex-1">
          <p className="font-medium">{t('title')}</p>
          <p className="text-muted text-sm">{t('hint')}</p>
        </div>
        {hosts.length > 1 && (
          <select
            aria-label={t('host')}
            value={hostId}
            disabled={busy}
            onChange={(event) => setHostId(event.target.value)}
            className="input w-auto pr-7"
          >
            {online.map((host) => (
              <option key={host.id} value={host.id}>
                {host.name}
              </option>
            ))}
          </select>
        )}
        <input
          ref={input}
          type="file"
          aria-label={t('file')}
          accept=".tar,.tar.gz,.tgz,.tar.zst,application/x-tar,application/gzip"
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            send(event.target.files?.[0]);
            event.target.value = '';
          }}
        />
        <Button disabled={busy || !hostId} onClick={() => input.current?.click()}>
          <Upload aria-hidden />
          {t('button')}
        </Button>
      </div>
      {!hostId && <p className="mt-2 text-sm text-warning">{t('noHost')}</p>}
      {state.step === 'sending' && <Sending state={state} onCancel={() => abort.current?.abort()} />}
      {state.step === 'done' && (
        <p role="status" className="mt-3 flex items-center gap-2 text-success">
          <CircleCheck aria-hidden className="size-4 shrink-0" />
          <span className="min-w-0 break-words">{state.line || t('done', { name: state.fileName })}</span>
        </p>
      )}
      {state.step === 'failed' && (
        <Banner tone="danger" role="alert" className="mt-3" title={t('failed', { name: state.fileName })}>
          {state.message}
        </Banner>
      )}
    </Card>
  );
}

function Sending({ state, onCancel }: { state: Extract<UploadState, { step: 'sending' }>; onCancel: () => void }) {
  const t = useTranslations('images.upload');
  const { bytes, percent } = useUnits();
  const ratio = state.totalBytes > 0 ? state.sentBytes / state.totalBytes : 0;
  const sent = state.sentBytes >= state.totalBytes;
  return (
    <div className="mt-4" role="status">
      <div className="mb-1 flex items-center justify-between gap-3 text-sm">
        <span className="min-w-0 truncate">{state.fileName}</span>
        <span className="whitespace-nowrap text-muted">
          {sent
            ? t('unpacking')
            : t('sent', { sent: bytes(state.sentBytes), total: bytes(state.totalBytes), percent: percent(ratio) })}
        </span>
        <Button variant="ghost" size="icon-sm" aria-label={t('cancel')} onClick={onCancel}>
          <X aria-hidden />
        </Button>
      </div>
      <ProgressBar label={t('progress')} ratio={ratio} valueText={percent(ratio)} />
    </div>
  );
}
