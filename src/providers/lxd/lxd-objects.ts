import { z } from 'zod';

const config = z.record(z.string(), z.string()).catch({});

/** The fields that we read of LXD's objects; what else it says is ignored. Fields as in LXD 5.0's REST API. */
export const lxdServer = z.object({
  environment: z.object({ server_version: z.string(), firewall: z.string().default('') }),
  auth: z.string().default('trusted'),
});
export const lxdInstances = z.array(
  z.object({ name: z.string(), config, created_at: z.string().optional(), status: z.string().default('') }),
);
export const lxdProfiles = z.array(z.object({ name: z.string(), config }));
export const lxdNetworks = z.array(
  z.object({ name: z.string(), config, managed: z.boolean().default(false) }),
);
export const lxdNetworkAcls = z.array(z.object({ name: z.string(), config }));
export const lxdStoragePools = z.array(z.object({ name: z.string(), driver: z.string(), config }));
/** For a pool that is not there, an empty object is read. */
export const lxdPoolResources = z.object({
  space: z.object({ total: z.number(), used: z.number() }).optional(),
});
export const lxdImages = z.array(
  z.object({
    fingerprint: z.string(),
    size: z.number(),
    properties: z.record(z.string(), z.string()).nullable().default({}),
  }),
);
/** `lxc remote list --format=json`, by name. */
export const lxdRemotes = z.record(
  z.string(),
  z.object({ Addr: z.string(), Protocol: z.string().default('') }),
);
/** `lxc image list --format=json`, of any server that the client can ask. */
export const lxdPublishedImages = z.array(
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
export const lxdImage = z.object({ fingerprint: z.string(), type: z.string().default('container') });
export const lxdAlias = z.object({ target: z.string() });
export const lxdOperation = z.object({
  id: z.string(),
  status: z.string(),
  err: z.string().default(''),
  metadata: z.record(z.string(), z.unknown()).nullable().default({}),
});
/** Operations by status, as `GET /1.0/operations?recursion=1` groups them. */
export const lxdOperations = z.record(
  z.string(),
  z.array(
    z.object({
      id: z.string(),
      may_cancel: z.boolean().default(false),
      resources: z.record(z.string(), z.array(z.string()).nullable()).nullable().default({}),
    }),
  ),
);
