import { NothingHere } from '@/components/shell/nothing-here.tsx';

export default function NotFound() {
  return (
    <main className="flex min-h-[70dvh] items-center justify-center">
      <NothingHere />
    </main>
  );
}
