'use client';
import { useTranslations } from 'next-intl';
import { useState, useTransition } from 'react';
import { toast } from 'sonner';
import type { ContainerActionName, ContainerMutations, ContainerTarget } from './container-types.ts';

/** Runs one action, and tells how it went; `pending` names the action under way. */
export function useContainerMutation(container: ContainerTarget, { act }: ContainerMutations) {
  const t = useTranslations('containers');
  const [, startTransition] = useTransition();
  const [pending, setPending] = useState<ContainerActionName | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const run = (action: ContainerActionName) => {
    setPending(action);
    setFailure(null);
    startTransition(async () => {
      const result = await act(container.hostId, container.id, action);
      setPending(null);
      if (result.ok) return void toast.success(t(`done.${action}`, { name: container.name }));
      setFailure(result.message);
      toast.error(t('failed', { name: container.name }), { description: result.message, duration: 12_000 });
    });
  };
  return { run, pending, failure, clearFailure: () => setFailure(null) };
}
