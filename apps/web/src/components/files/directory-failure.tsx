import { FolderX } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { Button } from '@/components/ui/button.tsx';
import { EmptyState } from '@/components/ui/empty-state.tsx';
import { visibleText } from '@/format/visible-text.ts';

interface DirectoryFailureProps {
  kind: string;
  message: string;
  path: string;
  onRetry: () => void;
  onUp: () => void;
}

export function DirectoryFailure({ kind, message, path, onRetry, onUp }: DirectoryFailureProps) {
  const t = useTranslations('files');
  return (
    <div role="alert">
      <EmptyState
        icon={FolderX}
        title={t(kind === 'not-found' ? 'directoryGone' : 'directoryFailed')}
        action={
          <>
            <Button onClick={onRetry}>{t('retry')}</Button>
            {path !== '/' && <Button onClick={onUp}>{t('up')}</Button>}
          </>
        }
      >
        <p className="[overflow-wrap:anywhere]">{message ? visibleText(message) : t('connectionLost')}</p>
      </EmptyState>
    </div>
  );
}
