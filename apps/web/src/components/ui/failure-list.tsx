import { Banner } from './banner.tsx';

export interface Failure {
  key: string;
  name: string;
  message: string;
}

/** What of a bulk action did not succeed, and why. */
export function FailureList({ title, failures }: { title: string; failures: readonly Failure[] }) {
  if (failures.length === 0) return null;
  return (
    <Banner tone="danger" role="alert" title={title}>
      <ul>
        {failures.map(({ key, name, message }) => (
          <li key={key}>
            <span className="font-medium">{name}</span>: {message}
          </li>
        ))}
      </ul>
    </Banner>
  );
}
