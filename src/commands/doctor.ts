import { createWorkbench, print, type CommandContext, type Workbench } from './command-context.ts';
import { examineHost, fixCommands, setUpOptions } from './prepare-host.ts';
import { applyFixes, typedCommand, readHostChanges, undoFixes, type HostChange } from '../host/set-up.ts';
import { hostEngineOf } from '../host/host-engines.ts';
import { findPrograms } from '../host/host-facts.ts';
import { hostArchitecture } from '../images/architecture.ts';
import { CAPABILITIES } from '../scenario/provider-capabilities.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../scenario/supported-versions.ts';
import { FailureError } from '../run/failure.ts';
import { tellFailure } from './tell-failure.ts';
import { askOn } from '../ui/ask.ts';
import { doctorDocument } from '../host/findings/finding.ts';
import { renderFindings } from '../host/findings/render-findings.ts';
import { createPalette } from '../report/palette.ts';
import { DEFAULT_POD_RANGES, DEFAULT_SERVICE_RANGES } from '../scenario/network-schema.ts';
import { describeTerminal } from '../ui/describe-terminal.ts';
import type { HostNeeds } from '../host/findings/host-state.ts';
import type { ProviderName } from '../scenario/scenario.ts';

/** The options of `doctor`. */
export interface DoctorOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly fix?: boolean;
  readonly undo?: boolean;
  readonly provider?: ProviderName;
}

/** The smallest run, with the ranges that are used when a scenario writes none. */
const NEEDS: Omit<HostNeeds, 'provider'> = {
  nodes: 1,
  egress: 'blocked',
  families: ['IPv4', 'IPv6'],
  snap: false,
  vxlan: false,
  ranges: [
    ...Object.values(DEFAULT_POD_RANGES).map((range: string) => ({ range, use: 'default pod range' })),
    ...Object.values(DEFAULT_SERVICE_RANGES).map((range: string) => ({
      range,
      use: 'default service range',
    })),
  ],
};

/** What `--undo` runs, as the user would type it, newest change first. */
function undoCommands(changes: readonly HostChange[], root: boolean): string[] {
  return [...changes].reverse().flatMap(({ undo }) => undo.map((command) => typedCommand(command, root)));
}

/** The provider that is asked about: the one that is named, else the first whose client is installed; LXD where none is. */
async function providerOf(
  { provider: named }: DoctorOptions,
  { env }: CommandContext,
  { providers }: Workbench,
): Promise<ProviderName> {
  if (named !== undefined) return named;
  const programs = await findPrograms(env['PATH']);
  const isInstalled = (name: ProviderName): boolean => {
    const engine = hostEngineOf(name);
    return engine !== null && programs.has(engine.client);
  };
  return [...providers.keys()].find(isInstalled) ?? 'lxd';
}

/** Looks at this host; `--fix` puts right what commands can, `--undo` takes that back. @returns 0, or 3 when no run can pass here. */
export async function doctorCommand(options: DoctorOptions, context: CommandContext): Promise<number> {
  const workbench = createWorkbench(context);
  const architecture = hostArchitecture();
  const needs = { ...NEEDS, provider: await providerOf(options, context, workbench) };
  const format = CAPABILITIES[needs.provider].imageFormat;
  const image =
    architecture === null ? null : { kubernetesVersion: DEFAULT_KUBERNETES_VERSION, architecture, format };
  const examine = (): ReturnType<typeof examineHost> =>
    examineHost(context, workbench, image, needs, { thorough: true });
  let readiness = await examine();
  const setUp = setUpOptions(context, workbench, readiness.facts.root);
  try {
    if (options.undo === true) {
      const undo = undoCommands(await readHostChanges(workbench.directories.state), setUp.root);
      if (undo.length > 0) {
        context.stderr.write(`${undo.join('\n')}\n`);
        const questions = askOn({ ...context, signal: context.interrupted });
        if (options.yes !== true && !(await questions.confirm('Run these commands?', '--yes'))) return 0;
      }
      const undone = await undoFixes(setUp);
      context.stderr.write(undone.length === 0 ? 'nothing to undo\n' : `undone: ${undone.join(', ')}\n`);
      return 0;
    }
    // A second round: what was just installed may have to be started.
    for (let round = 0; options.fix === true && round < 2; round += 1) {
      const toFix = readiness.findings.filter(({ fix, severity }) => fix !== null && severity !== 'ok');
      if (toFix.length === 0) break;
      context.stderr.write(`${fixCommands(toFix, setUp.root).join('\n')}\n`);
      const questions = askOn({ ...context, signal: context.interrupted });
      const agreed = options.yes === true || (await questions.confirm('Run these commands?', '--yes'));
      if (!agreed) break;
      await applyFixes(toFix, setUp);
      readiness = await examine();
    }
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    tellFailure(context, error.failure);
    return error.failure.class === 'usage' ? 2 : error.failure.class === 'interrupted' ? 130 : 3;
  }
  const { findings, groups, facts } = readiness;
  const { width, colour } = describeTerminal(context.stdout, context.env);
  const lines = renderFindings(groups, { width, palette: createPalette(colour), root: facts.root });
  print(context, options.json, doctorDocument(findings), lines);
  return findings.some(({ severity }) => severity === 'blocker') ? 3 : 0;
}
