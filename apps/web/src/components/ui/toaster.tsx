'use client';
import { Toaster as Sonner } from 'sonner';
import type { Theme } from '@/i18n/theme.ts';

export function Toaster({ theme }: { theme: Theme }) {
  return (
    <Sonner
      theme={theme}
      position="bottom-right"
      closeButton
      duration={5000}
      style={{ fontFamily: 'inherit' }}
      toastOptions={{
        style: {
          background: 'var(--color-surface)',
          color: 'var(--color-ink)',
          borderColor: 'var(--color-line)',
          fontSize: '0.8125rem',
        },
      }}
    />
  );
}
