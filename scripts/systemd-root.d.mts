export const systemdRoot: string;
export function setup(options?: { log?: number }): string | undefined;
