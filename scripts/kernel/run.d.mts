/** Fetches and unpacks the kernel once. Returns what it did, or undefined when there was nothing to do. */
export function setup(options?: { log?: number }): Promise<string | undefined>;

/** Runs a command in the emulated machine. `why` is told when the command's own end was not seen. */
export function runOnKernel(
  command: string[],
  options?: { timeoutSeconds?: number; append?: string; selinux?: boolean; onOutput?: (chunk: Buffer) => void },
): Promise<{ exitCode: number; why?: string }>;
