/** What the form for a new volume holds, and what it comes to. */
export const volumeKinds = ['directory', 'bind', 'tmpfs'] as const;
export type VolumeKind = (typeof volumeKinds)[number];

export interface VolumeDraft {
  hostId: string;
  name: string;
  kind: VolumeKind;
  /** Of a bind: the host's path. */
  device: string;
  /** Of a tmpfs, in MiB; empty takes the kernel's default. */
  sizeMib: string;
  labels: { name: string; value: string }[];
}

export interface VolumeInput {
  name: string | null;
  labels: Record<string, string>;
  options: Record<string, string>;
}

export type VolumeMistake = 'name' | 'absolutePath' | 'size' | 'label';
export type VolumeErrors = Partial<Record<'name' | 'device' | 'sizeMib' | `labels.${number}`, VolumeMistake>>;

export const emptyVolumeDraft: VolumeDraft = {
  hostId: '',
  name: '',
  kind: 'directory',
  device: '',
  sizeMib: '',
  labels: [],
};

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/;

export function readVolumeDraft(
  draft: VolumeDraft,
): { ok: true; value: VolumeInput } | { ok: false; errors: VolumeErrors } {
  const errors: VolumeErrors = {};
  const name = draft.name.trim();
  const device = draft.device.trim();
  const size = draft.sizeMib.trim();
  const labels = draft.labels.map((label) => ({ name: label.name.trim(), value: label.value }));
  if (name && !namePattern.test(name)) errors.name = 'name';
  if (draft.kind === 'bind' && !device.startsWith('/')) errors.device = 'absolutePath';
  if (draft.kind === 'tmpfs' && size && !/^[1-9]\d{0,7}$/.test(size)) errors.sizeMib = 'size';
  for (const [index, label] of labels.entries())
    if (label.name === '' && label.value !== '') errors[`labels.${index}`] = 'label';
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  const given = labels.filter((label) => label.name !== '').map((label): [string, string] => [label.name, label.value]);
  return {
    ok: true,
    value: { name: name || null, labels: Object.fromEntries(given), options: optionsOf(draft.kind, { device, size }) },
  };
}

/** As the local driver has them; they are those of mount(8). */
function optionsOf(kind: VolumeKind, { device, size }: { device: string; size: string }): Record<string, string> {
  switch (kind) {
    case 'directory':
      return {};
    case 'bind':
      return { type: 'none', o: 'bind', device };
    case 'tmpfs':
      return { type: 'tmpfs', device: 'tmpfs', ...(size && { o: `size=${size}m` }) };
  }
}
