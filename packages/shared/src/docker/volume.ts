/** Engine API v1.50, volumes: what clients send. */
import { z } from 'zod';

const map = z
  .record(z.string().max(4096), z.string().max(65_536))
  .nullish()
  .transform((value) => value ?? {});

export const createVolumeBody = z.object({
  Name: z.string().max(4096).nullish(),
  Driver: z.string().max(256).nullish(),
  DriverOpts: map,
  Labels: map,
  ClusterVolumeSpec: z.object({}).nullish(),
});
