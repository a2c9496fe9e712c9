import { isInteractive, providerNamed, type CommandContext, type Workbench } from './command-context.ts';
import { listOwnedRuns } from './owned-runs.ts';
import { findingGroups } from '../host/findings/all-findings.ts';
import { ForwardRules, type ForwardVerdict } from '../host/forward-rules.ts';
import { BUILD_DISK_BYTES, missingBuildPackages } from '../images/build/build-host.ts';
import type { EngineState, HostNeeds, HostState } from '../host/findings/host-state.ts';
import type { Finding } from '../host/findings/finding.ts';
import { readHostFacts, type HostFacts } from '../host/host-facts.ts';
import {
  applyFixes,
  fixedSinceStart,
  requireRights,
  typedCommand,
  type SetUpOptions,
} from '../host/set-up.ts';
import { findCachedNodeImage } from '../images/cache/cached-images.ts';
import { FailureError, type Failure } from '../run/failure.ts';
import { readUpstream } from '../images/download/upstream.ts';
import { askOn } from '../ui/ask.ts';
import type { NodeImageSpec } from '../images/node-image.ts';
import type { IPFamily } from '../scenario/scenario.ts';
import type { EngineInfo } from '../providers/provider.ts';

/** What is known of this host and its engine. */
export interface HostReadiness {
  readonly facts: HostFacts;
  readonly engine: EngineInfo | null;
  readonly findings: readonly Finding[];
  /** The same findings under their headings. */
  readonly groups: readonly { readonly title: string; readonly findings: readonly Finding[] }[];
  readonly forward: HostState['forward'];
}

/** How long an engine may take for an answer: whoever waits in front of one that hangs is told within 10 s. */
const ENGINE_TIMEOUT_MS = 6_000;

/** The node image of a run; one of the user's own, or one that is none of ours, needs no build. */
export type NeededImage = NodeImageSpec & { readonly own?: boolean };

/**
 * Looks at host and engine and changes nothing.
 * @param image null on a machine that no node images are made for.
 * @param options.thorough also at what costs time and no run depends on.
 */
export async function examineHost(
  context: CommandContext,
  workbench: Workbench,
  image: NeededImage | null,
  needs: HostNeeds,
  { thorough = false }: { readonly thorough?: boolean } = {},
): Promise<HostReadiness> {
  const { directories, runner } = workbench;
  const provider = providerNamed(needs.provider, workbench);
  const call = { timeoutMs: ENGINE_TIMEOUT_MS, signal: context.interrupted };
  const [facts, cached, recordedFixes] = await Promise.all([
    readHostFacts(context.env, directories.cache, needs.provider),
    image === null ? null : findCachedNodeImage(image, directories.cache),
    fixedSinceStart(directories.state),
  ]);
  const rules = new ForwardRules(runner, needs.provider, facts.root);
  // A user without root is not sent to sudo before each run, but where there is a reason.
  const verdict = async (family: IPFamily): Promise<ForwardVerdict> =>
    facts.root || facts.docker || thorough ? rules.verdict(family, call) : 'unknown';
  const forward = { IPv4: await verdict('IPv4'), IPv6: await verdict('IPv6') };
  let engine: EngineInfo | null = null;
  let refusal: Failure | null = null;
  try {
    engine = await provider.info(call);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    refusal = error.failure;
  }
  const state: EngineState = {
    unreachable: refusal?.message ?? null,
    hint: refusal?.hint ?? null,
    version: engine?.version ?? null,
    storageDriver: engine?.storageDriver ?? null,
    storageFreeBytes: engine === null ? null : await provider.poolFreeBytes(call),
  };
  const toBuild = cached === null && image?.own !== true;
  const missingPackages = toBuild ? await missingBuildPackages(context.env['PATH']) : [];
  const groups = findingGroups({
    facts,
    engine: state,
    build: toBuild ? { missingPackages, diskBytes: BUILD_DISK_BYTES } : null,
    needs,
    forward,
    deadRuns: engine === null || !thorough ? [] : await deadRuns(context, workbench),
    // What is wrong with a file of the user's own is told when something is fetched.
    debianMirror: (await readUpstream(context.env).catch(() => readUpstream({}))).debianMirror,
    recordedFixes,
  });
  return { facts, engine, groups, findings: groups.flatMap(({ findings }) => findings), forward };
}

async function deadRuns(context: CommandContext, workbench: Workbench): Promise<string[]> {
  const runs = await listOwnedRuns(context, workbench);
  return runs.filter(({ state }) => state === 'dead').map(({ runId }) => runId);
}

/** How set-up commands are run for this caller. */
export function setUpOptions(
  context: CommandContext,
  { runner, directories }: Workbench,
  root: boolean,
): SetUpOptions {
  return {
    runner,
    root,
    interactive: isInteractive(context),
    stateDirectory: directories.state,
    signal: context.interrupted,
    onCommand: (command) => context.stderr.write(`  $ ${command.join(' ')}\n`),
    onLine: (line) => context.stderr.write(`    ${line}\n`),
  };
}

/** The commands of findings' fixes as the user would type them. */
export function fixCommands(findings: readonly Finding[], root: boolean): string[] {
  return findings.flatMap(({ fix }) => (fix?.commands ?? []).map((command) => typedCommand(command, root)));
}

/** The owner's leave to set the host up: each list of commands is shown, and asked for, once in a call. */
export class SetUpLeave {
  readonly #context: CommandContext;
  readonly #yes: boolean;
  readonly #answers = new Map<string, boolean>();

  /** @param yes the leave was given beforehand, with `--yes`. */
  constructor(context: CommandContext, yes: boolean) {
    this.#context = context;
    this.#yes = yes;
  }

  /** Whether findings that are no blockers are to be fixed as well. */
  get beforehand(): boolean {
    return this.#yes;
  }

  /** Lists what is not ready and what sets it up, and asks on a terminal. */
  async isGiven(toFix: readonly Finding[], commands: readonly string[]): Promise<boolean> {
    const key = commands.join('\n');
    const answered = this.#answers.get(key);
    if (answered !== undefined) return answered;
    const say = (line: string): boolean => this.#context.stderr.write(`${line}\n`);
    say('This host is not ready for a run:');
    for (const { cause, consequence } of toFix) say(`  - ${cause}: ${consequence}`);
    say('What sets it up (undone by `npm run scenario -- doctor --undo`):');
    for (const command of commands) say(`  ${command}`);
    const given = this.#yes || (isInteractive(this.#context) && (await this.#ask()));
    this.#answers.set(key, given);
    return given;
  }

  async #ask(): Promise<boolean> {
    const context = { ...this.#context, signal: this.#context.interrupted };
    return askOn(context).confirm('Set it up now?', '--yes');
  }
}

/**
 * Makes this host ready for a run, if there is leave to.
 * @throws {FailureError} class `preflight` with the commands, when there is no leave or no way.
 */
export async function prepareHost(
  context: CommandContext,
  workbench: Workbench,
  image: NeededImage,
  needs: HostNeeds,
  leave: SetUpLeave,
): Promise<HostReadiness & { readonly engine: EngineInfo }> {
  const before = await examineHost(context, workbench, image, needs);
  const toFix = before.findings.filter(({ severity, fix }) => fix !== null && severity !== 'ok');
  const blockers = before.findings.filter(({ severity }) => severity === 'blocker');
  const hopeless = blockers.filter(({ fix }) => fix === null);
  if (hopeless.length > 0) throw refusal(hopeless, hopeless.map(({ advice }) => advice ?? '').join('\n'));
  if (blockers.length === 0 && (toFix.length === 0 || !leave.beforehand)) return ready(before);
  const commands = fixCommands(toFix, before.facts.root);
  if (!(await leave.isGiven(toFix, commands))) {
    const how = 'Say yes with --yes, or run these commands yourself:';
    throw refusal(blockers, [how, ...commands.map((command) => `  ${command}`)].join('\n'));
  }
  const setUp = setUpOptions(context, workbench, before.facts.root);
  const needed = toFix.flatMap(({ fix }) => fix?.commands ?? []);
  try {
    await requireRights(needed, setUp);
  } catch (error) {
    // A warning is no reason not to run.
    if (blockers.length > 0 || !(error instanceof FailureError)) throw error;
    context.stderr.write(`${error.failure.message}\n${error.failure.hint ?? ''}\nIt goes on without.\n`);
    return ready(before);
  }
  await applyFixes(toFix, setUp);
  const after = await examineHost(context, workbench, image, needs);
  // A daemon that could not be judged before its packages were installed may now need a start of its own.
  const second = after.findings.filter(({ severity, fix }) => fix !== null && severity === 'blocker');
  if (second.length === 0) return ready(after);
  await applyFixes(second, setUp);
  return ready(await examineHost(context, workbench, image, needs));
}

function ready(readiness: HostReadiness): HostReadiness & { engine: EngineInfo } {
  const blockers = readiness.findings.filter(({ severity }) => severity === 'blocker');
  const { engine } = readiness;
  if (engine === null || blockers.length > 0) {
    const advice = blockers.flatMap((finding) => finding.advice ?? []);
    throw refusal(blockers, [...advice, 'See `npm run scenario -- doctor` for each finding.'].join('\n'));
  }
  return { ...readiness, engine };
}

function refusal(findings: readonly Finding[], hint: string): FailureError {
  const message = findings.map(({ cause, consequence }) => `${cause}: ${consequence}`).join('\n');
  return new FailureError({ class: 'preflight', step: 'preflight', message, hint });
}
