import type { ReactNode } from 'react';
import { Wordmark } from '@/components/shell/wordmark.tsx';

export default function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-7 px-4 py-10">
      <Wordmark large />
      <div className="w-full max-w-sm rounded-lg border border-line bg-surface p-6 shadow-card">{children}</div>
    </main>
  );
}
