'use client';
import { RefreshCw } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useTransition } from 'react';
import { toast } from 'sonner';
import { Button } from '@/components/ui/button.tsx';
import type { ImageMutations } from './image-types.ts';

/** Asks the registries now what they are asked every few hours anyway. */
export function CheckUpdatesButton({ check, disabled }: { check: ImageMutations['checkUpdates']; disabled: boolean }) {
  const t = useTranslations('images.updates');
  const [pending, startTransition] = useTransition();
  const run = () =>
    startTransition(async () => {
      const result = await check();
      if (!result.ok) return void toast.error(result.message);
      const { newer, problems } = result.value;
      for (const problem of problems.slice(0, 3))
        toast.warning(t('problem'), { description: problem, duration: 12_000 });
      if (newer > 0) toast.info(t('found', { count: newer }));
      else if (problems.length === 0) toast.success(t('none'));
    });
  return (
    <Button pending={pending} disabled={disabled} onClick={run}>
      {!pending && <RefreshCw aria-hidden />}
      {t('check')}
    </Button>
  );
}
