import { CAPABILITIES } from '../scenario/provider-capabilities.ts';
import type { IPFamily, ProviderName } from '../scenario/scenario.ts';

/** A run's own bridge and what may pass it. */
export interface ForwardedBridge {
  readonly bridge: string;
  /** `blocked`: only what nodes send each other. `open`: also the way out, and the answers. */
  readonly egress: 'open' | 'blocked';
}

/** One rule of the chain FORWARD that carries a comment of ours. */
export interface OwnForwardRule {
  readonly runId: string;
  /** Whose engine has the bridge. */
  readonly provider: ProviderName;
  readonly bridge: string;
  /** As `iptables` takes it after `-I FORWARD` or `-D FORWARD`. */
  readonly rule: readonly string[];
}

/** The program that holds a family's chain FORWARD. */
export function iptablesOf(family: IPFamily): 'iptables' | 'ip6tables' {
  return family === 'IPv4' ? 'iptables' : 'ip6tables';
}

/** What a run's rules for a bridge and a family are called together, in its journal. */
export function forwardRuleName(bridge: string, family: IPFamily): string {
  return `${bridge}-${family.toLowerCase()}`;
}

const RUN_COMMENT = /^twinstack run ([a-z][a-z0-9]*) in ([a-z]+)$/;

const isProvider = (name: string): name is ProviderName => Object.hasOwn(CAPABILITIES, name);

const commented = (comment: string): string[] => ['-m', 'comment', '--comment', comment];
const accept = ['-j', 'ACCEPT'];
const answers = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED'];

/** The rules that let a bridge's traffic pass: as few as its egress needs, so that what is blocked stays dropped. */
export function acceptRules({ bridge, egress }: ForwardedBridge, comment: string): string[][] {
  const mark = commented(comment);
  const between = ['-i', bridge, '-o', bridge, ...mark, ...accept];
  if (egress === 'blocked') return [between];
  return [['-i', bridge, ...mark, ...accept], ['-o', bridge, ...answers, ...mark, ...accept], between];
}

/** The comment that makes a rule ours, and says in whose engine its bridge is; names of bridges decide nothing. */
export function runComment(runId: string, provider: ProviderName): string {
  return `twinstack run ${runId} in ${provider}`;
}

/** The words of a line that `iptables -S` printed; a comment with spaces stands in quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1'),
  );
}

/** The rules of runs in what `iptables -S FORWARD` printed. */
export function ownRulesIn(listing: string): OwnForwardRule[] {
  return listing.split('\n').flatMap((line) => {
    const [append, chain, ...rule] = wordsOf(line);
    if (append !== '-A' || chain !== 'FORWARD') return [];
    const comment = rule[rule.indexOf('--comment') + 1] ?? '';
    const [, runId, provider = ''] = RUN_COMMENT.exec(comment) ?? [];
    const bridge = rule[rule.findIndex((word) => word === '-i' || word === '-o') + 1];
    if (runId === undefined || bridge === undefined || !isProvider(provider)) return [];
    return [{ runId, provider, bridge, rule }];
  });
}

/**
 * Whether a chain FORWARD, as `iptables -S FORWARD` prints it, ends what no rule accepts: by its policy, as Docker sets it when it
 * finds forwarding switched off, or by a last rule for everything.
 */
export function dropsForwarded(listing: string): boolean {
  const lines = listing.split('\n').map((line) => line.trim());
  return lines.some(
    (line) => line === '-P FORWARD DROP' || /^-A FORWARD -j (DROP|REJECT( --reject-with \S+)?)$/.test(line),
  );
}

/** Whether the chain has accept rules of `doctor` for the bridges of every run. */
export function acceptsEveryRun(listing: string): boolean {
  return listing.split('\n').some((line) => wordsOf(line).includes(SETUP_COMMENT));
}

/** The comment of rules that `doctor --fix` adds for a user without root; they stay until `doctor --undo` or a restart. */
export const SETUP_COMMENT = 'twinstack doctor';

/** The bridges of every run, as iptables writes "begins with". */
const EVERY_BRIDGE: ForwardedBridge = { bridge: 'ts-+', egress: 'open' };

/** The commands that accept the traffic of every run's bridge, and those that take this back. */
export function setupRules(families: readonly IPFamily[]): { add: string[][]; remove: string[][] } {
  const rules = families.flatMap((family) =>
    acceptRules(EVERY_BRIDGE, SETUP_COMMENT).map((rule) => ({ program: iptablesOf(family), rule })),
  );
  const command = (verb: string) =>
    rules.map(({ program, rule }) => [program, '-w', '5', verb, 'FORWARD', ...rule]);
  return { add: command('-I'), remove: command('-D') };
}
