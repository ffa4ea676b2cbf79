/** From a profile in Docker's format to an OCI linux.seccomp object, for one set of capabilities. Pure. */
export interface SeccompProfile {
  defaultAction: string;
  defaultErrnoRet?: number;
  syscalls: {
    names: string[];
    action: string;
    errnoRet?: number;
    args?: { index: number; value: number; valueTwo?: number; op: string }[];
    includes?: { caps?: string[]; arches?: string[] };
    excludes?: { caps?: string[]; arches?: string[] };
  }[];
}

const dockerArchitecture: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
const seccompArchitecture: Record<string, string> = { x64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' };

export function resolveProfile(profile: SeccompProfile, capabilities: readonly string[], nodeArch: string): object {
  const arch = dockerArchitecture[nodeArch] ?? nodeArch;
  const native = seccompArchitecture[nodeArch];
  const has = (names: string[] | undefined) => names?.some((name) => capabilities.includes(name)) ?? false;
  const applies = ({ includes, excludes }: SeccompProfile['syscalls'][number]) =>
    (includes?.caps === undefined || has(includes.caps)) &&
    (includes?.arches === undefined || includes.arches.includes(arch)) &&
    !has(excludes?.caps) &&
    !(excludes?.arches?.includes(arch) ?? false);
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    ...(native === undefined ? {} : { architectures: [native] }),
    syscalls: profile.syscalls.filter(applies).map(({ names, action, errnoRet, args }) => ({
      names,
      action,
      ...(errnoRet === undefined ? {} : { errnoRet }),
      ...(args === undefined ? {} : { args }),
    })),
  };
}
