import { systemPath } from '../process/system-path.ts';
import { CommandError, type CommandRunner } from '../process/command-runner.ts';
import type { CallOptions, OwnedResource, ResourceSpec } from '../providers/provider.ts';

type EgressBlockSpec = Extract<ResourceSpec, { kind: 'egress-block' }>;

/** What a table of ours is called, after which comes the run's id. */
const TABLE = 'twinstack-egress-';

/** Before every chain of the host's: what is refused here, no later accept lets through. */
const PRIORITY = -200;

/** What the kernel needs to find a neighbour; without it the host could not even answer. */
const NEIGHBOURS = 'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit }';

/** The table, for `nft -f`: it is made anew, so that a second time changes nothing. */
export function egressBlockRules({ bridge }: EgressBlockSpec, runId: string): string {
  const table = `inet ${TABLE}${runId}`;
  const comment = `comment "twinstack run ${runId}"`;
  // Refused at once rather than dropped: a program that tries to get out does not hang.
  const refuse = `reject with icmpx admin-prohibited ${comment}`;
  return [
    `table ${table}`,
    `delete table ${table}`,
    `table ${table} {`,
    '  chain forward {',
    `    type filter hook forward priority ${PRIORITY}; policy accept;`,
    `    iifname "${bridge}" oifname != "${bridge}" ${refuse}`,
    '  }',
    '  chain input {',
    `    type filter hook input priority ${PRIORITY}; policy accept;`,
    `    iifname "${bridge}" ct state established,related accept`,
    `    iifname "${bridge}" ${NEIGHBOURS} accept`,
    `    iifname "${bridge}" ${refuse}`,
    '  }',
    '}',
    '',
  ].join('\n');
}

/** The runs that have a table in what `nft list tables` printed. */
export function blockedRuns(listing: string): string[] {
  return listing.split('\n').flatMap((line) => {
    const [, runId] = /^table inet twinstack-egress-([a-z][a-z0-9]*)$/.exec(line.trim()) ?? [];
    return runId === undefined ? [] : [runId];
  });
}

/**
 * Tables of nftables, one for each run, that keep what a bridge's nodes send from this host and from everything behind it, where the
 * engine can't. The table's name carries the run's id. Only root can make and see one.
 */
export class EgressBlocks {
  readonly #runner: CommandRunner;
  readonly #root: boolean;

  constructor(runner: CommandRunner, root = process.getuid?.() === 0) {
    this.#runner = runner;
    this.#root = root;
  }

  async create(spec: EgressBlockSpec, runId: string, options: CallOptions): Promise<void> {
    await this.#nft(['-f', '-'], { ...options, input: egressBlockRules(spec, runId) });
  }

  /** Removes a run's table; what is gone already is fine. */
  async remove(runId: string, options: CallOptions): Promise<void> {
    if (!(await this.#runs(options)).includes(runId)) return;
    await this.#nft(['delete', 'table', 'inet', `${TABLE}${runId}`], options);
  }

  /** The table of each run. It carries no lease: the run's network does. */
  async listOwned(options: CallOptions): Promise<OwnedResource[]> {
    return (await this.#runs(options)).map((runId) => ({
      kind: 'egress-block',
      name: `ts-${runId}`,
      runId,
      lease: null,
      createdAt: null,
    }));
  }

  /** The commands that {@link create} runs, for `plan`, with the rules that they read. */
  commandsFor(spec: EgressBlockSpec, runId: string): string[][] {
    const rules = egressBlockRules(spec, runId).split('\n').slice(2).join(' ').replaceAll(/\s+/g, ' ').trim();
    return [['nft', rules]];
  }

  async #runs(options: CallOptions): Promise<string[]> {
    if (!this.#root) return [];
    try {
      return blockedRuns((await this.#nft(['list', 'tables', 'inet'], options)).stdout);
    } catch (error) {
      // Without the program no table can have been made by us.
      if (error instanceof CommandError && error.kind === 'not-found') return [];
      throw error;
    }
  }

  #nft(
    args: readonly string[],
    options: Parameters<CommandRunner['run']>[2],
  ): ReturnType<CommandRunner['run']> {
    return this.#runner.run('nft', args, { ...options, env: { PATH: systemPath(process.env['PATH']) } });
  }
}
