/** Builds the policy where it is not yet. Returns what it did, or undefined when there was nothing to do. */
export function setup(options?: { log?: number }): Promise<string | undefined>;

export const policyFile: string;
