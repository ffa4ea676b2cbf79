import { z } from 'zod';
import { isRegistryName, registryName } from '@/format/reference.ts';

export const registryInput = z.object({
  host: z.string().transform(registryName).refine(isRegistryName, 'Enter the registry as host or host:port.'),
  username: z.string().trim().min(1, 'Enter the user name.').max(255),
  /** Empty: the stored one stays. */
  password: z.string().max(8_192),
});
export type RegistryInput = z.input<typeof registryInput>;
