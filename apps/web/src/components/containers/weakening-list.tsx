import { TriangleAlert } from 'lucide-react';
import { useTranslations } from 'next-intl';
import type { WeakeningSentence } from './weakenings.ts';

export function WeakeningList({ sentences }: { sentences: WeakeningSentence[] }) {
  const t = useTranslations('weakenings');
  return (
    <ul className="flex flex-col gap-1.5">
      {sentences.map(({ kind, details }) => (
        <li key={`${kind} ${details}`} className="flex items-start gap-2.5 text-sm">
          <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
          <span className="wrap-anywhere min-w-0">{t(kind, { details })}</span>
        </li>
      ))}
    </ul>
  );
}
