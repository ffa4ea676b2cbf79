'use client';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';

interface LeaveGuard {
  /** Something was asked for that would lose what is not saved. */
  isAsking: boolean;
  /** Runs it at once when there is nothing to lose, else when it was confirmed. */
  leave: (go: () => void) => void;
  confirm: () => void;
  stay: () => void;
}

/** While there is something to lose, the browser asks before it goes, and a followed link is held until it is decided. */
export function useLeaveGuard(isDirty: boolean): LeaveGuard {
  const router = useRouter();
  const [held, setHeld] = useState<{ go: () => void } | null>(null);
  useEffect(() => {
    if (!isDirty) return;
    const unload = (event: BeforeUnloadEvent) => event.preventDefault();
    const click = (event: MouseEvent) => {
      if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null;
      if (!link || link.hasAttribute('download') || link.origin !== window.location.origin) return;
      event.preventDefault();
      event.stopPropagation();
      const { href } = link;
      setHeld({ go: () => router.push(href) });
    };
    window.addEventListener('beforeunload', unload);
    document.addEventListener('click', click, { capture: true });
    return () => {
      window.removeEventListener('beforeunload', unload);
      document.removeEventListener('click', click, { capture: true });
    };
  }, [isDirty, router]);
  return {
    isAsking: held !== null,
    leave: (go) => (isDirty ? setHeld({ go }) : go()),
    confirm: () => {
      setHeld(null);
      held?.go();
    },
    stay: () => setHeld(null),
  };
}
