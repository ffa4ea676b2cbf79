/** What makes a container weaker than the default, one sentence a kind: as the agent found it, or as a draft asks for it. */
import { type Weakening, type WeakeningKind, weakeningKinds } from '@berth/shared/docker/weakening';
import type { CreateDraft } from './create-draft.ts';

export interface WeakeningSentence {
  /** `other`: of an agent newer than these pages. */
  kind: WeakeningKind | 'other';
  details: string;
}

/** What --privileged says already; the walls themselves are listed one by one beside it. */
const impliedByPrivileged: readonly WeakeningKind[] = [
  'host-user',
  'host-root',
  'capability',
  'seccomp-off',
  'apparmor-off',
  'selinux-off',
  'new-privileges',
  'unmasked-path',
  'writable-path',
  'writable-cgroup',
];

/** As inspect has them; kinds in the order of the list. */
export function weakeningSentences(list: readonly { kind: string; detail: string; at: string }[]): WeakeningSentence[] {
  const isPrivileged = list.some(({ kind }) => kind === 'privileged');
  const shown = weakeningKinds.filter((kind) => !isPrivileged || !impliedByPrivileged.includes(kind));
  const known = shown.map((kind) => ({ kind, found: list.filter((one) => one.kind === kind) }));
  const others = list.filter((one) => !weakeningKinds.some((kind) => kind === one.kind));
  return [
    ...known
      .filter(({ found }) => found.length > 0)
      .map(({ kind, found }) => ({ kind, details: found.map(detail).join(', ') })),
    ...others.map(({ kind, ...one }) => ({ kind: 'other' as const, details: `${kind} ${detail(one)}`.trim() })),
  ];
}

function detail(one: { detail: string; at: string }): string {
  return one.at === '' ? one.detail : `${one.detail} → ${one.at}`;
}

/** The 14 that a container has anyway. */
const usual = new Set(
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'.split(
    ' ',
  ),
);
const matters =
  /^\/($|(proc|sys|dev|etc|boot|root|usr|bin|sbin|lib|lib64|run|var)(\/|$)|var\/lib$)|\/(docker|containerd|podman)\.sock$/;

/** What the form as it stands would ask for. The agent decides; this is told before. */
export function draftWeakenings(draft: CreateDraft): Weakening[] {
  const found = (kind: WeakeningKind, detailText = '', at = ''): Weakening => ({ kind, detail: detailText, at });
  const added = draft.capAdd
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((name) => name.toUpperCase().replace(/^CAP_/, ''))
    .filter((name) => !usual.has(name));
  const hostUsers = draft.privileged || draft.userNamespace === 'host' || draft.network === 'host';
  return [
    ...(draft.privileged ? [found('privileged')] : []),
    ...(draft.network === 'host' ? [found('host-network')] : []),
    ...(hostUsers ? [found('host-user')] : []),
    ...added.map((name) => found('capability', name)),
    ...(draft.noNewPrivileges ? [] : [found('new-privileges')]),
    ...draft.mounts
      .filter(({ type, source }) => type === 'bind' && matters.test(source.trim()))
      .map(({ source, target }) => found('host-path', source.trim(), target.trim())),
  ];
}
