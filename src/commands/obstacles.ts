import type { CommandContext, Workbench } from './command-context.ts';
import { hostNeedsOf } from './host-needs.ts';
import { examineHost, fixCommands, type HostReadiness } from './prepare-host.ts';
import { imageSpecOf } from './run-one.ts';
import { needsOf } from './scenario-queue.ts';
import { takesForeignImage } from '../scenario/foreign-image-name.ts';
import { decideAdmission } from '../run/admission.ts';
import { hostResources } from '../run/observe-resources.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** Something that keeps a scenario from running on this host as it is. */
export interface Obstacle {
  /** The finding's id, as `doctor` tells it, or what there is too little of. */
  readonly id: string;
  readonly cause: string;
  /** Whether `run`, after a yes, or `doctor --fix` puts it right. */
  readonly fixable: boolean;
  /** What the user does about it, or has us do; null where nothing is known that helps. */
  readonly remedy: string | null;
}

/** Finds out what keeps scenarios from running here. Looks at the host once for each image and size, and changes nothing. */
export class ObstacleFinder {
  readonly #context: CommandContext;
  readonly #workbench: Workbench;
  readonly #seen = new Map<string, Promise<HostReadiness>>();

  constructor(context: CommandContext, workbench: Workbench) {
    this.#context = context;
    this.#workbench = workbench;
  }

  /** Empty when it can run; also for a file that is to be refused, which needs nothing. */
  async obstaclesOf(scenario: Scenario | null): Promise<Obstacle[]> {
    if (scenario === null) return [];
    const needs = needsOf(scenario);
    // An image that is none of ours needs no build.
    const image = { ...imageSpecOf(scenario), own: takesForeignImage(scenario) };
    const ofHost = hostNeedsOf(scenario);
    const key = JSON.stringify([image, ofHost]);
    const examined = this.#seen.get(key) ?? examineHost(this.#context, this.#workbench, image, ofHost);
    this.#seen.set(key, examined);
    const { facts, findings } = await examined;
    const blockers = findings.filter(({ severity }) => severity === 'blocker');
    const found = blockers.map((finding): Obstacle => {
      const { id, cause, fix, advice } = finding;
      const commands = fixCommands([finding], facts.root).map((command) => `\`${command}\``);
      const remedy = commands.length === 0 ? advice : commands.join(', ');
      return { id, cause, fixable: fix !== null, remedy };
    });
    const room = decideAdmission(needs, [], hostResources(facts), (count) => new Uint8Array(count));
    if (room.verdict === 'admit' || found.some(({ id }) => id === room.short)) return found;
    return [...found, { id: room.short, cause: room.why, fixable: false, remedy: null }];
  }
}

/** Obstacles in a few words. */
export function describeObstacles(obstacles: readonly Obstacle[]): string {
  return obstacles.map(({ cause }) => cause).join('; ');
}
