import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programMark, TEST_MARK } from '../../own-tests/marked-processes.ts';
import { FailureError } from '../../run/failure.ts';
import { CommandError, type CommandRunner } from '../../process/command-runner.ts';
import { containerObjects, networkObjects, type ContainerObject } from './kind-objects.ts';
import {
  CLUSTER_LABEL,
  configWithFiles,
  createArguments,
  kindEnvironment,
  RUN_LABEL,
} from './kind-requests.ts';
import type { ContainerClient } from './container-client.ts';
import type { CallOptions, ClusterSpec, CreateOptions, Owner } from '../provider.ts';

/** A node of a cluster of ours. */
export interface ClusterNode {
  readonly name: string;
  readonly runId: string;
  readonly created: string | null;
  readonly running: boolean;
}

/** What every cluster of ours is called; the rest is the run's id. */
const CLUSTER_NAME = /^ts-([a-z][a-z0-9]*)$/;

/** What the clusters of kind need of their surroundings. */
export interface ClusterTools {
  readonly runner: CommandRunner;
  readonly client: ContainerClient;
  /** kind's own program. */
  readonly kind: string;
  /** A folder of the run's own, which may not be there yet. */
  readonly directory: string;
}

/**
 * The nodes of clusters that are ours: the node is on a network with the name of its cluster, and that network has our label, which
 * says whose it is; or it is gone already, and the name is one of ours. A cluster of somebody else's with such a name is on another
 * network.
 */
export async function listClusterNodes(
  client: ContainerClient,
  options: CallOptions,
): Promise<ClusterNode[]> {
  const containers = containerObjects.parse(await client.labelled('container', CLUSTER_LABEL, options));
  const named = containers.flatMap((container) => {
    const cluster = container.Config.labels[CLUSTER_LABEL] ?? '';
    return isOn(container, cluster) ? [{ container, cluster }] : [];
  });
  const networks = networkObjects.parse(
    await client.inspect('network', [...new Set(named.map(({ cluster }) => cluster))], options),
  );
  return named.flatMap(({ container, cluster }) => {
    const network = networks.find(({ name }) => name === cluster);
    const runId = network === undefined ? CLUSTER_NAME.exec(cluster)?.[1] : network.labels[RUN_LABEL];
    if (runId === undefined) return [];
    return [{ name: container.Name, runId, created: container.Created, running: container.State.Running }];
  });
}

function isOn({ HostConfig, NetworkSettings }: ContainerObject, network: string): boolean {
  return HostConfig.NetworkMode === network || Object.hasOwn(NetworkSettings.Networks ?? {}, network);
}

/** Has kind make a cluster, unless it is there with all of its nodes. */
export async function createCluster(
  { runner, client, kind, directory }: ClusterTools,
  spec: ClusterSpec,
  owner: Owner,
  { onProgress, ...call }: CreateOptions,
): Promise<void> {
  const there = (await listClusterNodes(client, call)).filter(({ runId }) => runId === owner.runId);
  if (there.length > 0 && spec.nodes.every(({ name }) => there.some((node) => node.name === name))) return;
  await requireFreeName(client, spec, owner.runId, call);
  const kubeconfig = join(directory, 'kubeconfig');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const folder = spec.files.length === 0 ? null : join(directory, 'files');
  if (folder !== null) await mkdir(folder, { recursive: true });
  for (const { name, content } of spec.files) await writeFile(join(folder ?? directory, name), content);
  try {
    await runner.run(kind, createArguments(spec, kubeconfig), {
      ...call,
      input: configWithFiles(spec.config, folder),
      env: {
        ...kindEnvironment(client.program, spec.network),
        [TEST_MARK]: programMark(owner.runId, 'kind'),
      },
      onLine: (line) => onProgress?.(readable(line)),
    });
  } catch (error) {
    throw error instanceof CommandError ? named(error) : error;
  } finally {
    // The run has a copy of its own; kind writes one whatever it is told.
    await rm(kubeconfig, { force: true });
  }
}

/** A cluster of kind's that is somebody else's keeps its name, and loses no node to us. */
async function requireFreeName(
  client: ContainerClient,
  spec: ClusterSpec,
  runId: string,
  call: CallOptions,
): Promise<void> {
  const taken = containerObjects.parse(
    await client.labelled('container', `${CLUSTER_LABEL}=${spec.name}`, call),
  );
  if (taken.length === 0) return;
  throw new FailureError({
    class: 'infrastructure',
    step: 'bootstrap',
    message: `kind cluster ${spec.name} exists and does not belong to run ${runId}: ${taken.map(({ Name }) => Name).join(', ')}`,
    hint: 'Run again: every run has names of its own.',
  });
}

/** A line of kind's without the pictures that it draws. */
function readable(line: string): string {
  return line.replaceAll(/[^\u0020-\u024f]/g, '').trim();
}

/** kind ends with status 1 for every error, and says which in a line of its own, before the output of what failed. */
function named(error: CommandError): CommandError {
  const said = /^ERROR: (.*)$/m.exec(error.stderr)?.[1];
  if (said === undefined) return error;
  const { kind, command, exitCode, stdout, stderr } = error;
  return new CommandError(`kind: ${said}`, { kind, command, exitCode, stdout, stderr });
}
