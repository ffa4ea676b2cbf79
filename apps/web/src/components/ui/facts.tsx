import type { ReactNode } from 'react';

/** Term and value pairs; the values line up. */
export function Facts({ items }: { items: { term: string; value: ReactNode; mono?: boolean }[] }) {
  return (
    <dl className="divide-y divide-line">
      {items.map(({ term, value, mono }) => (
        <div key={term} className="grid grid-cols-[minmax(6.5rem,9rem)_1fr] gap-3 px-4 py-2">
          <dt className="text-muted text-sm [overflow-wrap:anywhere]">{term}</dt>
          <dd className={`min-w-0 break-words ${mono ? 'font-mono text-sm' : ''}`}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
