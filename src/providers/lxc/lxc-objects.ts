import { z } from 'zod';

const config = z.record(z.string(), z.string()).catch({});

/** The fields that we read of objects; what else the engine says is ignored. LXD 5.0 and Incus 6.0 have them alike. */
export const lxcServer = z.object({
  environment: z.object({ server_version: z.string(), firewall: z.string().default('') }),
  auth: z.string().default('trusted'),
});
export const lxcInstances = z.array(
  z.object({ name: z.string(), config, created_at: z.string().optional(), status: z.string().default('') }),
);
export const lxcProfiles = z.array(z.object({ name: z.string(), config }));
export const lxcNetworks = z.array(
  z.object({ name: z.string(), config, managed: z.boolean().default(false) }),
);
export const lxcNetworkAcls = z.array(z.object({ name: z.string(), config }));
export const lxcStoragePool = z.object({ name: z.string(), driver: z.string(), config });
export const lxcStoragePools = z.array(lxcStoragePool);
/** For a pool that is not there, an empty object is read. */
export const lxcPoolResources = z.object({
  space: z.object({ total: z.number(), used: z.number() }).optional(),
});
export const lxcImages = z.array(
  z.object({
    fingerprint: z.string(),
    size: z.number(),
    properties: z.record(z.string(), z.string()).nullable().default({}),
  }),
);
/** `remote list --format=json`, by name. */
export const lxcRemotes = z.record(
  z.string(),
  z.object({ Addr: z.string(), Protocol: z.string().default('') }),
);
/** `image list --format=json`, of any server that the client can ask. */
export const lxcPublishedImages = z.array(
  z.object({
    fingerprint: z.string(),
    type: z.string().default('container'),
    architecture: z.string(),
    aliases: z
      .array(z.object({ name: z.string() }))
      .nullable()
      .default([]),
  }),
);
/** One image; one alias; one operation. */
export const lxcImage = z.object({ fingerprint: z.string(), type: z.string().default('container') });
export const lxcAlias = z.object({ target: z.string() });
export const lxcOperation = z.object({
  id: z.string(),
  status: z.string(),
  err: z.string().default(''),
  metadata: z.record(z.string(), z.unknown()).nullable().default({}),
});
/** Operations by status, as `GET /1.0/operations?recursion=1` groups them. */
export const lxcOperations = z.record(
  z.string(),
  z.array(
    z.object({
      id: z.string(),
      status_code: z.number().default(0),
      may_cancel: z.boolean().default(false),
      resources: z.record(z.string(), z.array(z.string()).nullable()).nullable().default({}),
    }),
  ),
);
