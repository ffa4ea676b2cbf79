import { NothingHere } from '@/components/shell/nothing-here.tsx';

/** A host or container that was removed: the way to the others stays on the page. */
export default function NotFound() {
  return <NothingHere />;
}
