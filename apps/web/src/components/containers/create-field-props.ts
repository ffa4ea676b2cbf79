import type { CreateDraft } from './create-draft.ts';

export interface CreateFieldProps {
  draft: CreateDraft;
  onChange: (change: Partial<CreateDraft>) => void;
  errorOf: (field: string) => string | undefined;
}
