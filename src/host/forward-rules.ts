import {
  acceptRules,
  dropsForwarded,
  acceptsEveryRun,
  forwardRuleName,
  iptablesOf,
  ownRulesIn,
  runComment,
  type OwnForwardRule,
} from './forward-chain.ts';
import { systemPath } from '../process/system-path.ts';
import { CommandError, type CommandRunner } from '../process/command-runner.ts';
import type { CallOptions, OwnedResource, ResourceSpec } from '../providers/provider.ts';
import type { IPFamily, ProviderName } from '../scenario/scenario.ts';

/** What a family's chain FORWARD does with packets that no rule accepts. `unknown`: it could not be read. */
export type ForwardVerdict = 'passes' | 'drops' | 'accepted-by-doctor' | 'unknown';

type ForwardRuleSpec = Extract<ResourceSpec, { kind: 'forward-rule' }>;

const FAMILIES: readonly IPFamily[] = ['IPv4', 'IPv6'];

/** What iptables says where it can hold no rules at all. */
const NO_TABLE = /does not exist|not supported|incompatible|permission denied/i;

/** Seconds that a command waits for another one's lock on the tables. */
const LOCK_WAIT = ['-w', '5'];

/**
 * Accept rules for the bridges of runs in the host's own chain FORWARD. They have to be there: an accept in a table of our own does
 * not override a drop in this one. Only root can read and write it; for everybody else there is nothing, and `doctor` is asked.
 */
export class ForwardRules {
  readonly #runner: CommandRunner;
  readonly #provider: ProviderName;
  readonly #root: boolean;

  /** @param provider whose engine has the bridges: another one's rules are neither listed nor removed. */
  constructor(runner: CommandRunner, provider: ProviderName, root = process.getuid?.() === 0) {
    this.#runner = runner;
    this.#provider = provider;
    this.#root = root;
  }

  /** Adds what is not there yet; each rule carries the run's id as its comment. */
  async create(spec: ForwardRuleSpec, runId: string, options: CallOptions): Promise<void> {
    const there = (await this.#list(spec.family, options)).map(({ rule }) => rule.join(' '));
    for (const rule of acceptRules(spec, runComment(runId, this.#provider))) {
      if (there.includes(rule.join(' '))) continue;
      await this.#run(spec.family, ['-I', 'FORWARD', ...rule], options);
    }
  }

  /** Removes a run's rules by their common name; what is gone already is fine. */
  async remove(name: string, runId: string, options: CallOptions): Promise<void> {
    for (const family of FAMILIES) {
      for (const found of await this.#list(family, options)) {
        if (found.runId !== runId || forwardRuleName(found.bridge, family) !== name) continue;
        await this.#run(family, ['-D', 'FORWARD', ...found.rule], options);
      }
    }
  }

  /** The rules of every run of this provider's, one object for each bridge and family. They carry no lease: the run's network does. */
  async listOwned(options: CallOptions): Promise<OwnedResource[]> {
    const found = new Map<string, OwnedResource>();
    for (const family of FAMILIES) {
      for (const { runId, bridge } of await this.#list(family, options)) {
        const name = forwardRuleName(bridge, family);
        found.set(`${runId} ${name}`, { kind: 'forward-rule', name, runId, lease: null, createdAt: null });
      }
    }
    return [...found.values()];
  }

  /** The exact commands that {@link create} runs where none of the rules is there, for `plan`. */
  commandsFor(spec: ForwardRuleSpec, runId: string): string[][] {
    return acceptRules(spec, runComment(runId, this.#provider)).map((rule) =>
      this.#command(spec.family, ['-I', 'FORWARD', ...rule]),
    );
  }

  /** Looks at a family's chain; a user without root asks sudo, which must not ask back. */
  async verdict(family: IPFamily, options: CallOptions): Promise<ForwardVerdict> {
    const command = this.#command(family, ['-S', 'FORWARD']);
    const [file = '', ...args] = this.#root ? command : ['sudo', '-n', ...command];
    try {
      const { stdout } = await this.#runner.run(file, args, { ...options, env: environment() });
      if (!dropsForwarded(stdout)) return 'passes';
      return acceptsEveryRun(stdout) ? 'accepted-by-doctor' : 'drops';
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      // Docker, ufw and firewalld's direct rules all need iptables: without it this chain has nothing.
      return this.#root && error.kind === 'not-found' ? 'passes' : 'unknown';
    }
  }

  async #list(family: IPFamily, options: CallOptions): Promise<OwnForwardRule[]> {
    if (!this.#root) return [];
    try {
      const { stdout } = await this.#run(family, ['-S', 'FORWARD'], options);
      return ownRulesIn(stdout).filter(({ provider }) => provider === this.#provider);
    } catch (error) {
      // Without the program, or a kernel that knows its tables, no rule can have been made.
      const absent =
        error instanceof CommandError && (error.kind === 'not-found' || NO_TABLE.test(error.stderr));
      if (absent) return [];
      throw error;
    }
  }

  #command(family: IPFamily, args: readonly string[]): string[] {
    return [iptablesOf(family), ...LOCK_WAIT, ...args];
  }

  #run(family: IPFamily, args: readonly string[], options: CallOptions): ReturnType<CommandRunner['run']> {
    const [file = '', ...rest] = this.#command(family, args);
    return this.#runner.run(file, rest, { ...options, env: environment() });
  }
}

/** A root that came by `su` has a search path without programs for administrators. */
function environment(): Record<string, string> {
  return { PATH: systemPath(process.env['PATH']) };
}
