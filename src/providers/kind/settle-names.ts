import { waitUntil, type Look } from '../../run/wait-until.ts';
import { CLUSTER_LABEL } from './kind-requests.ts';
import type { ContainerClient } from './container-client.ts';
import type { CallOptions } from '../provider.ts';

/** How often it is looked whether the engine has finished what nobody waits for any more. */
const INTERVAL_MS = 200;

/** What the names of all objects of a run begin with: its cluster's and its network's name. */
const RUN_NAME = /^ts-[a-z][a-z0-9]*/;

/**
 * Waits until the engine makes no container of these names. One that it still makes, for a client that is gone, is in no list; its name
 * is taken all the same. So a name that is in no list is tried: with a container that is never started and goes at once.
 */
export async function settleNames(
  client: ContainerClient,
  names: readonly string[],
  options: CallOptions,
): Promise<void> {
  const { stdout } = await client.run(['image', 'ls', '--quiet', '--no-trunc'], options);
  const image = stdout.split('\n').find((id) => id !== '');
  // Without an image there is nothing that a container could be made of.
  if (image === undefined) return;
  await waitUntil(
    async (_attempt, signal): Promise<Look<null>> => {
      const call = { ...options, signal };
      const busy = await Promise.all(
        names.map(async (name) => ((await isBeingMade(client, name, image, call)) ? [name] : [])),
      );
      const missing = `${client.program} is still making ${busy.flat().join(', ')}`;
      return busy.flat().length === 0 ? { met: true, value: null } : { met: false, missing };
    },
    {
      condition: `${client.program} has finished what it does to objects of this run`,
      intervalMs: INTERVAL_MS,
      ...options,
    },
  );
}

async function isBeingMade(
  client: ContainerClient,
  name: string,
  image: string,
  call: CallOptions,
): Promise<boolean> {
  if ((await client.inspect('container', [name], call)).length > 0) return false;
  // As a node of the run's own cluster: should we be killed before it is removed, it is found again like one.
  const [cluster = name] = RUN_NAME.exec(name) ?? [];
  const owned = ['--label', `${CLUSTER_LABEL}=${cluster}`, '--network', cluster];
  const args = ['container', 'create', ...owned, '--name', name, image, 'true'];
  const { exitCode, stderr } = await client.run(args, { ...call, accept: 'any' });
  if (exitCode === 0) {
    await client.remove(['container', 'rm', '--force', '--volumes', name], call);
    return false;
  }
  return /already in use/i.test(stderr);
}
