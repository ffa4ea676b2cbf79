import { z } from 'zod';

const port = z.number().int().min(1).max(65_535);
const text = z.string().max(4096);
const capability = z.string().regex(/^(CAP_)?[A-Z_]{2,40}$|^ALL$/);

export const restartPolicyInput = z.object({
  name: z.enum(['no', 'always', 'unless-stopped', 'on-failure']),
  maximumRetryCount: z.number().int().min(0).max(1000).optional(),
});

/** What the create form sends; what it becomes for the engine is create-container.ts's business. */
export const createContainerInput = z.object({
  image: z.string().trim().min(1, 'Choose an image.').max(512),
  name: z
    .string()
    .regex(
      /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$/,
      'A name begins with a letter or digit and has at least two characters.',
    )
    .optional(),
  command: z.array(text).max(256).optional(),
  entrypoint: z.array(text).max(256).optional(),
  env: z
    .array(
      z.object({
        name: z
          .string()
          .min(1)
          .max(256)
          .regex(/^[^=\0]+$/),
        value: z.string().max(32_768),
      }),
    )
    .max(512),
  ports: z
    .array(
      z.object({
        hostAddress: z.union([z.ipv4(), z.ipv6()]).optional(),
        hostPort: port.optional(),
        containerPort: port,
        protocol: z.enum(['tcp', 'udp', 'sctp']),
      }),
    )
    .max(256),
  mounts: z
    .array(
      z.object({
        type: z.enum(['bind', 'volume', 'tmpfs']),
        source: text,
        target: text.startsWith('/', 'A mount needs an absolute path in the container.'),
        readOnly: z.boolean(),
      }),
    )
    .max(128),
  memoryBytes: z.number().int().min(0).optional(),
  nanoCpus: z.number().int().min(0).optional(),
  pidsLimit: z.number().int().min(-1).optional(),
  restartPolicy: restartPolicyInput,
  network: z.enum(['bridge', 'none', 'host']),
  hostname: z.string().max(63).optional(),
  user: z.string().max(128).optional(),
  workingDir: text.optional(),
  tty: z.boolean(),
  openStdin: z.boolean(),
  readOnlyRootfs: z.boolean(),
  privileged: z.boolean(),
  capAdd: z.array(capability).max(64),
  capDrop: z.array(capability).max(64),
  noNewPrivileges: z.boolean(),
  userNamespace: z.enum(['private', 'host']),
  labels: z.record(z.string().max(256), text),
  start: z.boolean(),
  autoRemove: z.boolean(),
});
export type CreateContainerInput = z.infer<typeof createContainerInput>;
