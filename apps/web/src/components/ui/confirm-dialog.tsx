'use client';
import { AlertDialog } from '@base-ui/react/alert-dialog';
import { useTranslations } from 'next-intl';
import { type FormEvent, type ReactNode, useState, useTransition } from 'react';
import { Banner } from './banner.tsx';
import { Button } from './button.tsx';

interface ConfirmDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  children?: ReactNode;
  confirmLabel: string;
  tone?: 'danger' | 'primary';
  /** Answers null when done, a message that stays readable in the dialog, or undefined when a field tells what is wrong. */
  onConfirm: () => Promise<string | null | undefined>;
}

/** Asks before what cannot be undone. It stays open while the work runs, and shows why it failed. */
export function ConfirmDialog({
  open,
  onOpenChange,
  title,
  children,
  confirmLabel,
  tone = 'danger',
  onConfirm,
}: ConfirmDialogProps) {
  const t = useTranslations('common');
  const [pending, startTransition] = useTransition();
  const [failure, setFailure] = useState<string | null>(null);

  const change = (next: boolean) => {
    if (pending) return;
    if (next) setFailure(null);
    onOpenChange(next);
  };
  const confirm = (event: FormEvent) => {
    event.preventDefault();
    startTransition(async () => {
      const message = await onConfirm();
      setFailure(message ?? null);
      if (message === null) onOpenChange(false);
    });
  };

  return (
    <AlertDialog.Root open={open} onOpenChange={change} onOpenChangeComplete={(isOpen) => !isOpen && setFailure(null)}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 min-h-dvh bg-black/45 transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <AlertDialog.Popup className="fixed inset-x-3 top-1/2 z-50 mx-auto max-h-[calc(100dvh-2rem)] max-w-md -translate-y-1/2 overflow-y-auto rounded-lg border border-line bg-surface p-5 shadow-popup outline-none transition-[opacity,scale] duration-150 data-ending-style:scale-97 data-starting-style:scale-97 data-ending-style:opacity-0 data-starting-style:opacity-0">
          <AlertDialog.Title className="break-words font-semibold text-lg">{title}</AlertDialog.Title>
          <form noValidate onSubmit={confirm}>
            {children && (
              <AlertDialog.Description render={<div />} className="mt-1.5 text-muted">
                {children}
              </AlertDialog.Description>
            )}
            {failure && (
              <Banner tone="danger" role="alert" className="mt-3">
                {failure}
              </Banner>
            )}
            <div className="mt-5 flex justify-end gap-2">
              <AlertDialog.Close render={<Button disabled={pending}>{t('cancel')}</Button>} />
              <Button type="submit" variant={tone} pending={pending}>
                {confirmLabel}
              </Button>
            </div>
          </form>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
