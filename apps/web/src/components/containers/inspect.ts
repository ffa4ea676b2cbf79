/** Reads the parts of GET /containers/{id}/json that pages show. What is missing falls back, so that an older agent still shows. */
import { z } from 'zod';

const texts = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const count = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

const schema = z.object({
  Image: text,
  RestartCount: count,
  Driver: text,
  State: z
    .object({ Pid: count, Error: text, OOMKilled: flag })
    .partial()
    .nullish()
    .transform((state) => ({ pid: state?.Pid ?? 0, error: state?.Error ?? '', oomKilled: state?.OOMKilled ?? false })),
  Config: z.object({
    Hostname: text,
    User: text,
    WorkingDir: text,
    Env: texts,
    Cmd: texts,
    Entrypoint: texts,
    Tty: flag,
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
  HostConfig: z.object({
    Memory: count,
    MemorySwap: count,
    NanoCpus: count,
    CpuQuota: count,
    CpuPeriod: count,
    CpuShares: count,
    PidsLimit: count,
    RestartPolicy: z.object({ Name: text, MaximumRetryCount: count }).nullish(),
    Privileged: flag,
    ReadonlyRootfs: flag,
    AutoRemove: flag,
    CapAdd: texts,
    CapDrop: texts,
    SecurityOpt: texts,
    NetworkMode: text,
    PidMode: text,
    IpcMode: text,
    UTSMode: text,
    UsernsMode: text,
    CgroupnsMode: text,
    MaskedPaths: z.array(z.string()).nullish(),
  }),
  AppArmorProfile: text,
  ProcessLabel: text,
  /** Of our agents alone. */
  Berth: z
    .object({
      UserNamespace: z.object({ HostId: z.number(), Size: z.number() }).nullish(),
      Seccomp: text,
      NoNewPrivileges: z.boolean().nullish(),
      Weakenings: z
        .array(z.object({ Kind: text, Detail: text, At: text }))
        .nullish()
        .transform((list) => (list ?? []).map(({ Kind, Detail, At }) => ({ kind: Kind, detail: Detail, at: At }))),
    })
    .nullish(),
  Mounts: z
    .array(z.object({ Type: text, Name: text, Source: text, Destination: text, RW: z.boolean().nullish() }))
    .nullish()
    .transform((mounts) => mounts ?? []),
  NetworkSettings: z
    .object({
      Networks: z.record(z.string(), z.object({ IPAddress: text, Gateway: text, MacAddress: text })).nullish(),
    })
    .nullish()
    .transform((settings) => settings?.Networks ?? {}),
});

export type Inspect = z.infer<typeof schema>;

/** Null when this is no container the pages understand: they then show the raw JSON alone. */
export function readInspect(inspect: unknown): Inspect | null {
  return schema.safeParse(inspect).data ?? null;
}

export function cpuLimitCores({ HostConfig }: Inspect): number {
  if (HostConfig.NanoCpus > 0) return HostConfig.NanoCpus / 1e9;
  return HostConfig.CpuQuota > 0 ? HostConfig.CpuQuota / (HostConfig.CpuPeriod || 100_000) : 0;
}

export type Strength = 'strong' | 'default' | 'weak';
export interface IsolationFact {
  key: IsolationKey;
  strength: Strength;
  /** Which sentence says it; `values` fill it. */
  sentence:
    | 'private'
    | 'host'
    | 'shared'
    | 'none'
    | 'on'
    | 'off'
    | 'custom'
    | 'limited'
    | 'all'
    | 'fewer'
    | 'range'
    | 'confined'
    | 'missing';
  values?: string;
}
export const isolationKeys = [
  'pid',
  'network',
  'ipc',
  'uts',
  'mount',
  'cgroup',
  'user',
  'capabilities',
  'seccomp',
  'noNewPrivileges',
  'label',
  'maskedPaths',
  'readOnlyRoot',
] as const;
export type IsolationKey = (typeof isolationKeys)[number];

/** What holds the container, one fact for each barrier, and whether it is weaker than what a container gets by default. */
export function isolationFacts(inspect: Inspect): IsolationFact[] {
  const { HostConfig: host } = inspect;
  return [
    namespaceFact('pid', host.PidMode),
    host.NetworkMode === 'none'
      ? { key: 'network', strength: 'strong', sentence: 'none' }
      : namespaceFact('network', host.NetworkMode),
    namespaceFact('ipc', host.IpcMode),
    namespaceFact('uts', host.UTSMode),
    { key: 'mount', strength: 'default', sentence: 'private' },
    namespaceFact('cgroup', host.CgroupnsMode),
    userFact(inspect),
    capabilityFact(host),
    seccompFact(host),
    noNewPrivilegesFact(inspect),
    labelFact(inspect),
    host.Privileged || host.MaskedPaths?.length === 0
      ? { key: 'maskedPaths', strength: 'weak', sentence: 'off' }
      : { key: 'maskedPaths', strength: 'default', sentence: 'on' },
    host.ReadonlyRootfs
      ? { key: 'readOnlyRoot', strength: 'strong', sentence: 'on' }
      : { key: 'readOnlyRoot', strength: 'default', sentence: 'off' },
  ];
}

function namespaceFact(key: IsolationKey, mode: string): IsolationFact {
  if (mode === 'host') return { key, strength: 'weak', sentence: 'host' };
  if (mode.startsWith('container:'))
    return { key, strength: 'weak', sentence: 'shared', values: mode.slice('container:'.length) };
  return { key, strength: 'default', sentence: 'private' };
}

/** Of an older agent only what was asked for is known. */
function userFact({ HostConfig: host, Berth }: Inspect): IsolationFact {
  const range = Berth?.UserNamespace;
  if (range == null) return namespaceFact('user', Berth || host.Privileged ? 'host' : host.UsernsMode);
  const values = `${range.HostId}–${range.HostId + range.Size - 1}`;
  return { key: 'user', strength: 'default', sentence: 'range', values };
}

function labelFact({ AppArmorProfile: profile, ProcessLabel: label, Berth }: Inspect): IsolationFact {
  const isOff = Berth?.Weakenings.some(({ kind }) => kind === 'apparmor-off' || kind === 'selinux-off');
  if (isOff) return { key: 'label', strength: 'weak', sentence: 'off' };
  const values = [profile, label].filter((text) => text !== '').join(', ');
  if (values === '') return { key: 'label', strength: 'default', sentence: 'missing' };
  return { key: 'label', strength: 'default', sentence: 'confined', values };
}

function capabilityFact(host: Inspect['HostConfig']): IsolationFact {
  const key = 'capabilities';
  if (host.Privileged || host.CapAdd.some((name) => name.toUpperCase() === 'ALL'))
    return { key, strength: 'weak', sentence: 'all' };
  if (host.CapAdd.length > 0) return { key, strength: 'weak', sentence: 'custom', values: host.CapAdd.join(', ') };
  if (host.CapDrop.length > 0) return { key, strength: 'strong', sentence: 'fewer', values: host.CapDrop.join(', ') };
  return { key, strength: 'default', sentence: 'limited' };
}

function seccompFact(host: Inspect['HostConfig']): IsolationFact {
  const key = 'seccomp';
  const option = host.SecurityOpt.find((entry) => entry.startsWith('seccomp'));
  if (host.Privileged || option?.endsWith('unconfined')) return { key, strength: 'weak', sentence: 'off' };
  return option && !option.endsWith('default')
    ? { key, strength: 'default', sentence: 'custom' }
    : { key, strength: 'default', sentence: 'on' };
}

function noNewPrivilegesFact({ HostConfig: host, Berth }: Inspect): IsolationFact {
  const off = !(
    Berth?.NoNewPrivileges ?? !host.SecurityOpt.some((entry) => /^no-new-privileges[=:](false|0)$/.test(entry))
  );
  return { key: 'noNewPrivileges', strength: off ? 'weak' : 'default', sentence: off ? 'off' : 'on' };
}

/** Names that people give to what nobody should read over a shoulder. */
export function looksSecret(name: string): boolean {
  return /(pass(word|wd|phrase)?|secret|token|api_?key|private|credential|auth)/i.test(name);
}
