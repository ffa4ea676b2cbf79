import { type LimitDraft, type LimitErrors, noLimits, readDraft } from './limit-draft.ts';
import { splitWords } from './words.ts';

/** The create form as a person fills it: text everywhere, rows that may be empty. */
export interface CreateDraft {
  hostId: string;
  image: string;
  name: string;
  command: string;
  entrypoint: string;
  env: { name: string; value: string }[];
  ports: { hostAddress: string; hostPort: string; containerPort: string; protocol: 'tcp' | 'udp' | 'sctp' }[];
  mounts: { type: 'bind' | 'volume' | 'tmpfs'; source: string; target: string; readOnly: boolean }[];
  limits: LimitDraft;
  network: 'bridge' | 'none' | 'host';
  hostname: string;
  user: string;
  workingDir: string;
  tty: boolean;
  readOnlyRootfs: boolean;
  privileged: boolean;
  capAdd: string;
  capDrop: string;
  noNewPrivileges: boolean;
  userNamespace: 'private' | 'host';
  autoRemove: boolean;
  start: boolean;
}

export const emptyDraft: CreateDraft = {
  hostId: '',
  image: '',
  name: '',
  command: '',
  entrypoint: '',
  env: [],
  ports: [],
  mounts: [],
  limits: noLimits,
  network: 'bridge',
  hostname: '',
  user: '',
  workingDir: '',
  tty: false,
  readOnlyRootfs: false,
  privileged: false,
  capAdd: '',
  capDrop: '',
  noNewPrivileges: true,
  userNamespace: 'private',
  autoRemove: false,
  start: true,
};

/** What the server's schema takes; the form sends this. */
export interface CreateInput {
  image: string;
  name?: string;
  command?: string[];
  entrypoint?: string[];
  env: { name: string; value: string }[];
  ports: { hostAddress?: string; hostPort?: number; containerPort: number; protocol: 'tcp' | 'udp' | 'sctp' }[];
  mounts: { type: 'bind' | 'volume' | 'tmpfs'; source: string; target: string; readOnly: boolean }[];
  memoryBytes?: number;
  nanoCpus?: number;
  pidsLimit?: number;
  restartPolicy: { name: LimitDraft['restart']; maximumRetryCount?: number };
  network: CreateDraft['network'];
  hostname?: string;
  user?: string;
  workingDir?: string;
  tty: boolean;
  openStdin: boolean;
  readOnlyRootfs: boolean;
  privileged: boolean;
  capAdd: string[];
  capDrop: string[];
  noNewPrivileges: boolean;
  userNamespace: CreateDraft['userNamespace'];
  labels: Record<string, string>;
  start: boolean;
  autoRemove: boolean;
}

export type CreateError = 'required' | 'name' | 'port' | 'absolutePath' | 'quotes' | 'envName' | 'restartWithRemove';
export interface CreateErrors {
  /** By field, rows as `ports.0`. */
  fields: Record<string, CreateError>;
  limits: LimitErrors;
}

/** As the engine has it. */
export const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Rows that were never filled in are left out, not complained about. */
export function readCreateDraft(
  draft: CreateDraft,
): { ok: true; value: CreateInput } | { ok: false; errors: CreateErrors } {
  const fields: Record<string, CreateError> = {};
  const command = splitWords(draft.command);
  const entrypoint = splitWords(draft.entrypoint);
  if (!draft.hostId) fields.hostId = 'required';
  if (!draft.image.trim()) fields.image = 'required';
  if (draft.name && !namePattern.test(draft.name.trim())) fields.name = 'name';
  if (!command) fields.command = 'quotes';
  if (!entrypoint) fields.entrypoint = 'quotes';
  draft.env.forEach((row, index) => {
    if ((row.name || row.value) && (!row.name.trim() || row.name.includes('='))) fields[`env.${index}`] = 'envName';
  });
  draft.ports.forEach((row, index) => {
    if (!row.containerPort && !row.hostPort) return;
    if (!isPort(row.containerPort) || (row.hostPort && !isPort(row.hostPort))) fields[`ports.${index}`] = 'port';
  });
  draft.mounts.forEach((row, index) => {
    if (!row.target && !row.source) return;
    if (!row.target.startsWith('/') || (row.type === 'bind' && !row.source.startsWith('/')))
      fields[`mounts.${index}`] = 'absolutePath';
  });
  if (draft.autoRemove && draft.limits.restart !== 'no') fields.autoRemove = 'restartWithRemove';
  const limits = readDraft(draft.limits);
  if (Object.keys(fields).length > 0 || !limits.ok || !command || !entrypoint) {
    return { ok: false, errors: { fields, limits: limits.ok ? {} : limits.errors } };
  }
  const { memoryBytes, cpuCores, pids, restartPolicy } = limits.value;
  return {
    ok: true,
    value: {
      image: draft.image.trim(),
      ...(draft.name.trim() && { name: draft.name.trim() }),
      ...(command.length > 0 && { command }),
      ...(entrypoint.length > 0 && { entrypoint }),
      env: draft.env.filter((row) => row.name).map(({ name, value }) => ({ name: name.trim(), value })),
      ports: draft.ports.filter((row) => row.containerPort).map(readPort),
      mounts: draft.mounts
        .filter((row) => row.target)
        .map((row) => ({ ...row, source: row.type === 'tmpfs' ? '' : row.source.trim(), target: row.target.trim() })),
      ...(memoryBytes > 0 && { memoryBytes }),
      ...(cpuCores > 0 && { nanoCpus: Math.round(cpuCores * 1e9) }),
      ...(pids > 0 && { pidsLimit: pids }),
      restartPolicy,
      network: draft.network,
      ...(draft.hostname.trim() && { hostname: draft.hostname.trim() }),
      ...(draft.user.trim() && { user: draft.user.trim() }),
      ...(draft.workingDir.trim() && { workingDir: draft.workingDir.trim() }),
      tty: draft.tty,
      openStdin: draft.tty,
      readOnlyRootfs: draft.readOnlyRootfs,
      privileged: draft.privileged,
      capAdd: readCapabilities(draft.capAdd),
      capDrop: readCapabilities(draft.capDrop),
      noNewPrivileges: draft.noNewPrivileges,
      userNamespace: draft.userNamespace,
      labels: {},
      start: draft.start,
      autoRemove: draft.autoRemove,
    },
  };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text.trim()) && Number(text) >= 1 && Number(text) <= 65_535;
}

function readPort({
  hostAddress,
  hostPort,
  containerPort,
  protocol,
}: CreateDraft['ports'][number]): CreateInput['ports'][number] {
  return {
    ...(hostAddress.trim() && { hostAddress: hostAddress.trim() }),
    ...(hostPort.trim() && { hostPort: Number(hostPort) }),
    containerPort: Number(containerPort),
    protocol,
  };
}

function readCapabilities(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((name) => name.toUpperCase().replace(/^CAP_/, ''));
}
