/** Engine API v1.50, containers: what clients send. Unknown fields are ignored, as dockerd does. */
import { z } from 'zod';

const strings = z.array(z.string().max(131_072)).max(4096);
/** Docker takes a lone string where it documents a list. */
const stringsOrOne = z
  .union([strings, z.string().max(131_072)])
  .nullish()
  .transform((value) => (typeof value === 'string' ? [value] : (value ?? null)));
const map = z
  .record(z.string().max(4096), z.string().max(65_536))
  .nullish()
  .transform((value) => value ?? {});
const list = strings.nullish().transform((value) => value ?? []);
const integer = z
  .number()
  .int()
  .nullish()
  .transform((value) => value ?? 0);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);
/** Docker counts time in them; less than a millisecond is a mistake. */
const nanoseconds = z
  .number()
  .int()
  .refine((value) => value === 0 || value >= 1_000_000, 'it cannot be less than 1ms')
  .nullish();
const text = z
  .string()
  .max(65_536)
  .nullish()
  .transform((value) => value ?? '');

export const restartPolicy = z
  .object({
    Name: z
      .enum(['', 'no', 'always', 'unless-stopped', 'on-failure'])
      .nullish()
      .transform((value) => value ?? ''),
    MaximumRetryCount: integer,
  })
  .nullish()
  .transform((value) => ({
    Name: value?.Name === '' || value == null ? 'no' : value.Name,
    MaximumRetryCount: value?.MaximumRetryCount ?? 0,
  }));

const weightDevice = z.object({ Path: z.string().max(4096), Weight: integer });
const throttleDevice = z.object({ Path: z.string().max(4096), Rate: integer });
const throttleDevices = z
  .array(throttleDevice)
  .max(256)
  .nullish()
  .transform((value) => value ?? []);

const portBinding = z.object({ HostIp: text, HostPort: text });

const hostConfigFields = z.object({
  Binds: list,
  Mounts: z
    .array(
      z.object({
        Type: z.enum(['bind', 'volume', 'tmpfs']),
        Source: text,
        Target: z.string().max(4096),
        ReadOnly: flag,
        Consistency: text,
        BindOptions: z
          .object({
            Propagation: text,
            NonRecursive: flag,
            CreateMountpoint: flag,
            ReadOnlyNonRecursive: flag,
            ReadOnlyForceRecursive: flag,
          })
          .nullish(),
        VolumeOptions: z
          .object({
            NoCopy: flag,
            Labels: map,
            Subpath: text,
            DriverConfig: z.object({ Name: text, Options: map }).nullish(),
          })
          .nullish(),
        TmpfsOptions: z
          .object({ SizeBytes: integer, Mode: integer, Options: z.array(z.array(z.string())).nullish() })
          .nullish(),
      }),
    )
    .nullish()
    .transform((value) => value ?? []),
  Tmpfs: map,
  ContainerIDFile: text,
  LogConfig: z.object({ Type: text, Config: map }).nullish(),
  NetworkMode: text,
  PortBindings: z
    .record(z.string(), z.array(portBinding).nullish())
    .nullish()
    .transform((value) => value ?? {}),
  PublishAllPorts: flag,
  RestartPolicy: restartPolicy,
  AutoRemove: flag,
  CapAdd: list,
  CapDrop: list,
  GroupAdd: list,
  Dns: list,
  DnsSearch: list,
  DnsOptions: list,
  ExtraHosts: list,
  IpcMode: text,
  PidMode: text,
  UTSMode: text,
  UsernsMode: text,
  CgroupnsMode: text,
  Privileged: flag,
  ReadonlyRootfs: flag,
  SecurityOpt: z
    .array(z.string().max(1_048_576))
    .max(64)
    .nullish()
    .transform((value) => value ?? []),
  StorageOpt: map,
  Runtime: text,
  Isolation: text,
  VolumeDriver: text,
  Cgroup: text,
  CgroupParent: text,
  Annotations: map,
  ConsoleSize: z.array(z.number().int().min(0).max(65_535)).length(2).nullish(),
  DeviceRequests: z
    .array(z.looseObject({ Driver: text, Capabilities: z.array(z.array(z.string())).nullish() }))
    .nullish()
    .transform((value) => value ?? []),
  DeviceCgroupRules: list,
  ShmSize: integer,
  Sysctls: map,
  Init: z.boolean().nullish(),
  OomScoreAdj: integer,
  OomKillDisable: flag,
  Memory: integer,
  MemoryReservation: integer,
  MemorySwap: integer,
  MemorySwappiness: z.number().int().nullish(),
  NanoCpus: integer,
  CpuShares: integer,
  CpuPeriod: integer,
  CpuQuota: integer,
  CpusetCpus: text,
  CpusetMems: text,
  CpuRealtimePeriod: integer,
  CpuRealtimeRuntime: integer,
  KernelMemory: integer,
  KernelMemoryTCP: integer,
  BlkioWeight: integer,
  BlkioWeightDevice: z
    .array(weightDevice)
    .max(256)
    .nullish()
    .transform((value) => value ?? []),
  BlkioDeviceReadBps: throttleDevices,
  BlkioDeviceWriteBps: throttleDevices,
  BlkioDeviceReadIOps: throttleDevices,
  BlkioDeviceWriteIOps: throttleDevices,
  PidsLimit: z.number().int().nullish(),
  Ulimits: z
    .array(z.object({ Name: z.string(), Soft: z.number().int(), Hard: z.number().int() }))
    .nullish()
    .transform((value) => value ?? []),
  Devices: z
    .array(z.object({ PathOnHost: z.string(), PathInContainer: text, CgroupPermissions: text }))
    .nullish()
    .transform((value) => value ?? []),
  VolumesFrom: list,
  MaskedPaths: strings.nullish(),
  ReadonlyPaths: strings.nullish(),
  Links: list,
});
export const hostConfig = hostConfigFields.nullish().transform((value) => value ?? hostConfigFields.parse({}));
export type HostConfig = z.infer<typeof hostConfig>;

export const createContainerBody = z.object({
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  Tty: flag,
  OpenStdin: flag,
  StdinOnce: flag,
  Env: list,
  Cmd: stringsOrOne,
  Entrypoint: stringsOrOne,
  Image: z.string().max(4096),
  WorkingDir: text,
  Labels: map,
  StopSignal: text,
  StopTimeout: z.number().int().nullish(),
  ExposedPorts: z
    .record(z.string().max(64), z.object({}))
    .nullish()
    .transform((value) => value ?? {}),
  Volumes: z
    .record(z.string().max(4096), z.object({}))
    .nullish()
    .transform((value) => value ?? {}),
  Healthcheck: z
    .object({
      Test: strings.nullish(),
      Interval: nanoseconds,
      Timeout: nanoseconds,
      StartPeriod: nanoseconds,
      StartInterval: nanoseconds,
      Retries: z.number().int().min(0).max(1_000_000).nullish(),
    })
    .nullish(),
  MacAddress: text,
  HostConfig: hostConfig,
  NetworkingConfig: z.object({ EndpointsConfig: z.record(z.string(), z.object({}).nullish()).nullish() }).nullish(),
});
export type CreateContainerBody = z.infer<typeof createContainerBody>;

export const updateContainerBody = z.object({
  Memory: integer,
  MemoryReservation: integer,
  MemorySwap: integer,
  NanoCpus: integer,
  CpuShares: integer,
  CpuPeriod: integer,
  CpuQuota: integer,
  CpusetCpus: text,
  CpusetMems: text,
  CpuRealtimePeriod: integer,
  CpuRealtimeRuntime: integer,
  BlkioWeight: integer,
  KernelMemory: integer,
  PidsLimit: z.number().int().nullish(),
  RestartPolicy: z
    .object({ Name: z.enum(['', 'no', 'always', 'unless-stopped', 'on-failure']), MaximumRetryCount: integer })
    .nullish(),
});
export type UpdateContainerBody = z.infer<typeof updateContainerBody>;

export const createExecBody = z.object({
  AttachStdin: flag,
  AttachStdout: flag,
  AttachStderr: flag,
  DetachKeys: text,
  Tty: flag,
  Env: list,
  Cmd: strings,
  Privileged: flag,
  User: text,
  WorkingDir: text,
  ConsoleSize: z.array(z.number().int()).length(2).nullish(),
});
export type CreateExecBody = z.infer<typeof createExecBody>;

export const startExecBody = z.object({
  Detach: flag,
  Tty: flag,
  ConsoleSize: z.array(z.number().int()).length(2).nullish(),
});
