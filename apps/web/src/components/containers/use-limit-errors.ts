import { useTranslations } from 'next-intl';
import type { LimitErrors } from './limit-draft.ts';

export function useLimitErrors(): (errors: LimitErrors) => Partial<Record<keyof LimitErrors, string>> {
  const t = useTranslations('containers.limits.errors');
  return (errors) => Object.fromEntries(Object.entries(errors).map(([field, error]) => [field, t(error)]));
}
