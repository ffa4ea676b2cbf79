import { ChevronRight, Server } from 'lucide-react';
import Link from 'next/link';

interface HostPathProps {
  label: string;
  list: { href: string; title: string };
  host: { hostId: string; hostName: string };
}

/** The way back from one thing on a host: to the list of its kind, and to its host. */
export function HostPath({ label, list, host }: HostPathProps) {
  return (
    <nav aria-label={label} className="mb-2 flex flex-wrap items-center gap-1 text-muted text-sm">
      <Link href={list.href} className="hover:text-accent hover:underline">
        {list.title}
      </Link>
      <ChevronRight aria-hidden className="size-3.5 text-faint" />
      <Link href={`/hosts/${host.hostId}`} className="flex items-center gap-1 hover:text-accent hover:underline">
        <Server aria-hidden className="size-3.5" />
        {host.hostName}
      </Link>
    </nav>
  );
}
