'use client';
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import { classNames } from './class-names.ts';

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  wide?: boolean;
}

/** For forms and things to look at; what asks for a yes is a ConfirmDialog. */
export function Dialog({ open, onOpenChange, title, description, children, wide = false }: DialogProps) {
  const t = useTranslations('common');
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 min-h-dvh bg-black/45 transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Popup
          className={classNames(
            'fixed inset-x-3 top-1/2 z-50 mx-auto max-h-[calc(100dvh-2rem)] -translate-y-1/2 overflow-y-auto rounded-lg border border-line bg-surface p-5 shadow-popup outline-none transition-[opacity,scale] duration-150 data-ending-style:scale-97 data-starting-style:scale-97 data-ending-style:opacity-0 data-starting-style:opacity-0',
            wide ? 'max-w-2xl' : 'max-w-md',
          )}
        >
          <div className="flex items-start justify-between gap-3">
            <div className="min-w-0">
              <Base.Title className="break-words font-semibold text-lg">{title}</Base.Title>
              {description && <Base.Description className="mt-0.5 text-muted">{description}</Base.Description>}
            </div>
            <Base.Close
              render={
                <Button variant="ghost" size="icon-sm" className="-mt-1 -mr-1" aria-label={t('close')}>
                  <X aria-hidden />
                </Button>
              }
            />
          </div>
          <div className="mt-4">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
