import { CommandError } from '../../process/command-runner.ts';
import { FailureError } from '../../run/failure.ts';
import { networkObjects, type NetworkObject } from './kind-objects.ts';
import { networkArguments, RUN_LABEL } from './kind-requests.ts';
import { wholeRequest } from '../whole-request.ts';
import type { ContainerClient } from './container-client.ts';
import type { CallOptions, Owner, ResourceSpec } from '../provider.ts';

type NetworkSpec = Extract<ResourceSpec, { kind: 'network' }>;

/** What a daemon says, among other words, when the host's kernel or firewall has no IPv6 for it. */
const WITHOUT_IPV6 = /ipv6|ip6tables/i;

/**
 * Makes a run's network, unless it is there, and sees that it has every range that was asked for.
 * @throws {FailureError} of class `preflight` where the engine has no IPv6, `infrastructure` for a network of somebody else's.
 */
export async function createNetwork(
  client: ContainerClient,
  spec: NetworkSpec,
  owner: Owner,
  options: CallOptions,
): Promise<void> {
  const find = async (): Promise<NetworkObject | undefined> =>
    networkObjects.parse(await client.inspect('network', [spec.name], options))[0];
  const there = await find();
  if (there !== undefined && there.labels[RUN_LABEL] === owner.runId) return;
  if (there !== undefined) {
    throw new FailureError({
      class: 'infrastructure',
      step: 'launch',
      message: `network ${spec.name} exists in ${client.program} and does not belong to run ${owner.runId}`,
      hint: 'Run again: every run has names of its own.',
    });
  }
  const wantsIPv6 = spec.ranges.some(({ family }) => family === 'IPv6');
  try {
    await wholeRequest(options, (call) => client.run(networkArguments(spec, owner), call));
  } catch (error) {
    if (!wantsIPv6 || !(error instanceof CommandError) || !WITHOUT_IPV6.test(error.stderr)) throw error;
    const why = error.lastLines(1).join('');
    throw withoutIPv6(`${client.program} can not make network ${spec.name}: ${why}`);
  }
  const made = await find();
  // Docker before 27 has IPv4 in every network, also where nobody asked for it.
  const isWhole = spec.ranges.every(({ cidr }) => made?.subnets.includes(cidr));
  if (made === undefined || !isWhole || (wantsIPv6 && !made.ipv6)) {
    throw withoutIPv6(
      `${client.program} made network ${spec.name} with ${made?.subnets.join(', ') ?? 'nothing'}, where ${spec.ranges.map(({ cidr }) => cidr).join(' and ')} was asked for`,
    );
  }
}

function withoutIPv6(message: string): FailureError {
  return new FailureError({
    class: 'preflight',
    step: 'launch',
    message,
    hint: 'Its daemon has no IPv6: switch it on (the kernel must have it: `doctor`), use a newer Docker, or write network.families: [IPv4].',
  });
}
