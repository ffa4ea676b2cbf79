import type { HostView } from '@/server/views.ts';

/** What a host's kernel offers for isolating containers, strongest argument first; features of newer agents come after, as they are. */
const known = [
  'cgroup',
  'userNamespaces',
  'idmappedMounts',
  'overlayIdmap',
  'seccomp',
  'appArmor',
  'selinux',
  'landlockAbi',
  'nftables',
  'timeNamespaces',
  'cgroupKill',
  'pidfdInfo',
  'openat2',
  'clone3',
  'capSysResource',
  'controllers',
] as const;
const knownNames: readonly string[] = known;
export type KnownFeature = (typeof known)[number];

/** Without these the default container would be weaker, not only less comfortable. */
const needed: readonly string[] = ['userNamespaces', 'idmappedMounts', 'overlayIdmap', 'seccomp', 'nftables'];

export interface HostFeature {
  name: string;
  known: KnownFeature | null;
  state: 'yes' | 'no' | 'missing' | 'value';
  value: string;
}

export function hostFeatures(features: HostView['features']): HostFeature[] {
  const order = (name: string) => {
    const index = knownNames.indexOf(name);
    return index < 0 ? known.length : index;
  };
  return Object.entries(features)
    .sort(([a], [b]) => order(a) - order(b) || a.localeCompare(b, 'en'))
    .map(([name, value]) => ({ name, known: known.find((entry) => entry === name) ?? null, ...stateOf(name, value) }));
}

function stateOf(name: string, value: string | number | boolean): Pick<HostFeature, 'state' | 'value'> {
  if (value === true) return { state: 'yes', value: '' };
  if (value === false || (name === 'landlockAbi' && value === 0))
    return { state: needed.includes(name) ? 'missing' : 'no', value: '' };
  return { state: 'value', value: String(value) };
}

/** One word for the card: does this host give everything the default container asks for? */
export function isolationSummary({ features, warnings }: Pick<HostView, 'features' | 'warnings'>): {
  level: 'full' | 'reduced';
  lacking: number;
} {
  const missing = hostFeatures(features).filter((feature) => feature.state === 'missing').length;
  const lacking = Math.max(missing, warnings.length);
  return { level: lacking === 0 ? 'full' : 'reduced', lacking };
}
