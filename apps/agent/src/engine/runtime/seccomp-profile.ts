/**
 * From a profile in Docker's format, or a plain linux.seccomp object of the OCI runtime-spec, to the linux.seccomp
 * object of one container: for its capabilities, this architecture, this kernel. Pure.
 */
import { EngineError } from '@berth/shared/errors';
import { z } from 'zod';

const profileBytesMax = 1024 * 1024;
const actions = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
] as const;
const operators = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;

const action = z.enum(actions);
const errno = z.number().int().min(0).max(4095);
const name = z.string().regex(/^[a-zA-Z0-9_]{1,64}$/);
const architecture = z.string().regex(/^SCMP_ARCH_[A-Z0-9_]{1,24}$/);
// A larger number than JSON's readers keep exactly would compare with something else than was written.
const operand = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const filter = z
  .strictObject({
    caps: z.array(name).max(64).optional(),
    arches: z.array(name).max(32).optional(),
    minKernel: z
      .string()
      .regex(/^\d{1,3}\.\d{1,3}$/)
      .optional(),
  })
  .nullish()
  .transform((value) => value ?? {});

const call = z.strictObject({
  name: name.optional(),
  names: z.array(name).max(1000).optional(),
  action,
  errnoRet: errno.nullish(),
  args: z
    .array(
      z.strictObject({
        index: z.number().int().min(0).max(5),
        value: operand,
        valueTwo: operand.default(0),
        op: z.enum(operators),
      }),
    )
    .max(6)
    .nullish(),
  comment: z.string().max(4096).optional(),
  includes: filter,
  excludes: filter,
});

const schema = z.strictObject({
  comment: z.string().max(4096).optional(),
  defaultAction: action,
  defaultErrnoRet: errno.nullish(),
  defaultErrno: z.string().optional(),
  architectures: z.array(architecture).max(32).nullish(),
  archMap: z
    .array(z.strictObject({ architecture, subArchitectures: z.array(architecture).max(8).nullish() }))
    .max(32)
    .nullish(),
  flags: z.array(z.string()).max(0, 'filter flags are not supported').nullish(),
  syscalls: z
    .array(call)
    .max(2000)
    .nullish()
    .transform((value) => value ?? []),
});
export type SeccompProfile = z.infer<typeof schema>;

/** @throws invalid-parameter */
export function parseProfile(text: string): SeccompProfile {
  if (Buffer.byteLength(text) > profileBytesMax) throw invalid(`it is larger than ${profileBytesMax} bytes`);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw invalid('it is neither unconfined, builtin nor JSON (the docker CLI reads a file and sends what is in it)');
  }
  const result = schema.safeParse(content);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'malformed'}`);
  }
  const { data } = result;
  if ((data.architectures?.length ?? 0) > 0 && (data.archMap?.length ?? 0) > 0) {
    throw invalid("'architectures' and 'archMap' were specified in the profile, use either of them");
  }
  for (const [index, one] of data.syscalls.entries()) {
    if ((one.name === undefined) === (one.names === undefined)) {
      throw invalid(`syscalls.${index}: it has either 'name' or 'names'`);
    }
  }
  return data;
}

function invalid(why: string): EngineError {
  return new EngineError('invalid-parameter', `invalid --security-opt: the seccomp profile cannot be used: ${why}`);
}

const dockerArchitecture: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
const seccompArchitecture: Record<string, string> = { x64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' };

export interface Target {
  capabilities: readonly string[];
  /** Node's name. */
  architecture: string;
  /** `6.12.0-1-amd64`. */
  kernelRelease: string;
}

export function resolveProfile(profile: SeccompProfile, target: Target): object {
  const { defaultAction, defaultErrnoRet } = profile;
  return {
    defaultAction,
    ...(defaultErrnoRet == null ? {} : { defaultErrnoRet }),
    architectures: architecturesOf(profile, target.architecture),
    syscalls: profile.syscalls
      .filter((one) => applies(one, target))
      .map(({ name: single, names, action: act, errnoRet, args }) => ({
        names: names ?? [single],
        action: act,
        ...(errnoRet == null ? {} : { errnoRet }),
        ...(args == null || args.length === 0 ? {} : { args }),
      })),
  };
}

/** The native one alone, unless the profile says otherwise: every further one is a second way into the kernel. */
function architecturesOf({ architectures, archMap }: SeccompProfile, nodeArchitecture: string): string[] {
  const native = seccompArchitecture[nodeArchitecture];
  if (architectures != null && architectures.length > 0) return architectures;
  const mapped = archMap?.find((one) => one.architecture === native);
  return [...(native === undefined ? [] : [native]), ...(mapped?.subArchitectures ?? [])];
}

function applies({ includes, excludes }: SeccompProfile['syscalls'][number], target: Target): boolean {
  const { capabilities, kernelRelease } = target;
  const arch = dockerArchitecture[target.architecture] ?? target.architecture;
  const isKernel = (version: string | undefined) => version !== undefined && isAtLeast(kernelRelease, version);
  return (
    (includes.caps ?? []).every((one) => capabilities.includes(one)) &&
    (includes.arches === undefined || includes.arches.length === 0 || includes.arches.includes(arch)) &&
    (includes.minKernel === undefined || isKernel(includes.minKernel)) &&
    !(excludes.caps ?? []).some((one) => capabilities.includes(one)) &&
    !(excludes.arches ?? []).includes(arch) &&
    !isKernel(excludes.minKernel)
  );
}

function isAtLeast(release: string, version: string): boolean {
  const numbers = (text: string) => text.split(/[.-]/).slice(0, 2).map(Number);
  const [major = 0, minor = 0] = numbers(release);
  const [wantedMajor = 0, wantedMinor = 0] = numbers(version);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
