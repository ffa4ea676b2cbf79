import { cookies } from 'next/headers';
import type { ReactNode } from 'react';
import { LiveProvider } from '@/components/live/live-provider.tsx';
import { Shell } from '@/components/shell/shell.tsx';
import { parseTheme, themeCookie } from '@/i18n/theme.ts';
import { requireUser } from '@/server/auth/require-user.ts';
import { inventoryVersion as readInventoryVersion } from '@/server/inventory/inventory-version.ts';
import { chooseLanguage, chooseTheme } from '../preferences.ts';
import { endSession } from './actions.ts';

export default async function DashboardLayout({ children }: { children: ReactNode }) {
  // Read before anything of the page is: what changes from here on makes the browser ask again.
  const inventoryVersion = readInventoryVersion();
  const user = await requireUser();
  const theme = parseTheme((await cookies()).get(themeCookie)?.value);
  return (
    <LiveProvider inventoryVersion={inventoryVersion}>
      <Shell email={user.email} theme={theme} actions={{ chooseTheme, chooseLanguage, endSession }}>
        {children}
      </Shell>
    </LiveProvider>
  );
}
