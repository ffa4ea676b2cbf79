import { isReference } from '../../format/reference.ts';

export interface BuildDraft {
  hostId: string;
  source: 'dockerfile' | 'context';
  text: string;
  /** Path of the Dockerfile in an uploaded context. */
  dockerfile: string;
  /** One to a line or parted by commas. */
  tags: string;
  target: string;
  args: { name: string; value: string }[];
  noCache: boolean;
  pull: boolean;
  registries: string[];
}

export const emptyBuildDraft: BuildDraft = {
  hostId: '',
  source: 'dockerfile',
  text: '',
  dockerfile: 'Dockerfile',
  tags: '',
  target: '',
  args: [],
  noCache: false,
  pull: false,
  registries: [],
};

export interface BuildOrder {
  tags: string[];
  dockerfile: string;
  target: string;
  buildArgs: Record<string, string>;
  noCache: boolean;
  pull: boolean;
  registries: string[];
}

export type BuildField = 'text' | 'file' | 'tags' | 'args';
export type BuildErrors = Partial<
  Record<BuildField, 'textNeeded' | 'fromNeeded' | 'fileNeeded' | 'tagWrong' | 'argName'>
>;

/** The form → what the server wants, or what is wrong with which field. */
export function readBuildDraft(
  draft: BuildDraft,
  hasFile: boolean,
): { ok: true; value: BuildOrder } | { ok: false; errors: BuildErrors } {
  const tags = draft.tags.split(/[\s,]+/).filter(Boolean);
  const args = draft.args.filter(({ name, value }) => name || value);
  const errors: BuildErrors = {};
  if (draft.source === 'context' && !hasFile) errors.file = 'fileNeeded';
  if (draft.source === 'dockerfile' && draft.text.trim() === '') errors.text = 'textNeeded';
  else if (draft.source === 'dockerfile' && !/^\s*FROM\s+\S/im.test(draft.text)) errors.text = 'fromNeeded';
  if (tags.some((tag) => !isReference(tag) || tag.includes('@'))) errors.tags = 'tagWrong';
  if (args.some(({ name }) => !/^\w+$/.test(name.trim()))) errors.args = 'argName';
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  return {
    ok: true,
    value: {
      tags,
      dockerfile: draft.source === 'dockerfile' ? 'Dockerfile' : draft.dockerfile.trim() || 'Dockerfile',
      target: draft.target.trim(),
      buildArgs: Object.fromEntries(args.map(({ name, value }) => [name.trim(), value])),
      noCache: draft.noCache,
      pull: draft.pull,
      registries: draft.registries,
    },
  };
}
