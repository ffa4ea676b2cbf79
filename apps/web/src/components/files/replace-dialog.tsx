'use client';
import { useTranslations } from 'next-intl';
import { ConfirmDialog } from '@/components/ui/confirm-dialog.tsx';
import { VisibleText } from '@/components/ui/visible-text.tsx';

interface ReplaceDialogProps {
  names: string[];
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onReplace: () => void;
}

/** Some of the files to upload have names that are taken. */
export function ReplaceDialog({ names, open, onOpenChange, onReplace }: ReplaceDialogProps) {
  const t = useTranslations('files');
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={onOpenChange}
      title={t('replaceTitle', { count: names.length })}
      confirmLabel={t('replace')}
      onConfirm={async () => {
        onReplace();
        return null;
      }}
    >
      <p>{t('replaceText')}</p>
      <ul className="mt-2 max-h-40 overflow-y-auto font-mono text-ink text-sm">
        {names.map((name) => (
          <li key={name} className="truncate whitespace-pre">
            <VisibleText text={name} />
          </li>
        ))}
      </ul>
    </ConfirmDialog>
  );
}
