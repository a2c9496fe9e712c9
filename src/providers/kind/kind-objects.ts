import { z } from 'zod';

const labels = z.record(z.string(), z.string()).nullable().default({});

/** `docker network inspect`, and Podman's, of which the fields are written small. */
export const networkObjects = z.array(
  z.union([
    z
      .object({
        Name: z.string(),
        Created: z.string().nullable().default(null),
        EnableIPv6: z.boolean().default(false),
        Labels: labels,
        IPAM: z.object({
          Config: z
            .array(z.object({ Subnet: z.string().default('') }))
            .nullable()
            .default([]),
        }),
      })
      .transform(({ Name, Created, EnableIPv6, Labels, IPAM }) => ({
        name: Name,
        created: Created,
        ipv6: EnableIPv6,
        labels: Labels ?? {},
        subnets: (IPAM.Config ?? []).map(({ Subnet }) => Subnet).filter((subnet) => subnet !== ''),
      })),
    z
      .object({
        name: z.string(),
        created: z.string().nullable().default(null),
        ipv6_enabled: z.boolean().default(false),
        labels,
        subnets: z
          .array(z.object({ subnet: z.string() }))
          .nullable()
          .default([]),
      })
      .transform(({ name, created, ipv6_enabled: ipv6, labels: own, subnets }) => ({
        name,
        created,
        ipv6,
        labels: own ?? {},
        subnets: (subnets ?? []).map(({ subnet }) => subnet),
      })),
  ]),
);
export type NetworkObject = z.infer<typeof networkObjects>[number];

/** `docker container inspect`; Podman's has the same fields. */
export const containerObjects = z.array(
  z.object({
    Name: z.string().transform((name) => name.replace(/^\//, '')),
    Created: z.string().nullable().default(null),
    State: z.object({ Running: z.boolean().default(false) }).default({ Running: false }),
    Config: z.object({ Labels: labels }).transform(({ Labels }) => ({ labels: Labels ?? {} })),
    HostConfig: z.object({ NetworkMode: z.string().default('') }).default({ NetworkMode: '' }),
    NetworkSettings: z
      .object({ Networks: z.record(z.string(), z.unknown()).nullable().default({}) })
      .default({ Networks: {} }),
  }),
);
export type ContainerObject = z.infer<typeof containerObjects>[number];

/** `docker volume inspect`. */
export const volumeObjects = z.array(
  z.object({ Name: z.string(), CreatedAt: z.string().nullable().default(null), Labels: labels }),
);

/** `docker image inspect`. */
export const imageObjects = z.array(
  z.object({
    Id: z.string(),
    RepoTags: z.array(z.string()).nullable().default([]),
    Size: z.number().default(0),
    Config: z.object({ Labels: labels }).nullable().default(null),
  }),
);

/** The fields of `docker info --format '{{json .}}'` that decide whether nodes can run. */
export const dockerInfo = z.object({
  ServerVersion: z.string().default(''),
  Driver: z.string().default(''),
  DockerRootDir: z.string().default(''),
  DefaultRuntime: z.string().default('runc'),
  SecurityOptions: z.array(z.string()).nullable().default([]),
  ServerErrors: z.array(z.string()).nullable().optional(),
});

/** The fields of `podman info --format json` that stand for the same. */
export const podmanInfo = z.object({
  host: z.object({ security: z.object({ rootless: z.boolean().default(false) }) }),
  store: z.object({ graphDriverName: z.string().default(''), graphRoot: z.string().default('') }),
  version: z.object({ Version: z.string() }),
});
