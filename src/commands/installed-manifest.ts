import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import { ciliumValues } from '../cni/cilium-values.ts';
import { cniManifestProblems } from '../cni/cni-manifest-problems.ts';
import { measureFile } from '../images/download/meter.ts';
import { CommandError, type CommandRunner } from '../process/command-runner.ts';
import { FailureError } from '../run/failure.ts';
import { formatProblem, makeProblem, printable } from '../scenario/problem.ts';
import { kubernetesVersionOf } from '../scenario/kubernetes-version.ts';
import { readManifest } from '../scenario/read-manifest.ts';
import type { InstalledManifest } from '../cni/manifest-cni.ts';
import type { InputFile } from '../images/archive/image-archive.ts';
import type { LoadedScenario } from '../scenario/load-scenario.ts';
import type { ScenarioSource } from './scenario-files.ts';

const HELM = 'helm';
const HELM_TIMEOUT_MS = 60_000;
const CHART = ['cni', 'chart'];

/** What a chart is rendered with. */
export interface ChartRenderer {
  readonly runner: CommandRunner;
  /** The search path that helm is looked for in: the user's. */
  readonly searchPath: string;
}

function refused(source: ScenarioSource, message: string): FailureError {
  const position = source.locate(CHART);
  const text = formatProblem(makeProblem({ rule: 'file', path: CHART, position, message }));
  return new FailureError({ class: 'usage', step: 'lint', message: text, hint: null });
}

/**
 * What installs the scenario's network plugin: its manifest as it was read, or its chart as helm renders it with the scenario's values;
 * null where it comes without.
 * @throws {FailureError} of class `usage` for a chart that can't be read or rendered, `preflight` where there is no helm.
 */
export async function installedManifest(
  source: ScenarioSource,
  { cniManifest }: Pick<LoadedScenario, 'cniManifest'>,
  renderer: ChartRenderer,
  signal: AbortSignal,
): Promise<InstalledManifest | null> {
  if (cniManifest !== null) return { ...cniManifest, values: null };
  const { chart } = source.scenario.cni;
  if (chart === undefined) return null;
  const isFromFile = source.locate(CHART).file === source.file;
  const path = resolve(isFromFile ? dirname(source.file) : '.', chart);
  let file: InputFile;
  try {
    file = { file: path, ...(await measureFile(path, signal, () => undefined)) };
  } catch (error) {
    signal.throwIfAborted();
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const why = error instanceof Error ? error.message : String(error);
    throw refused(source, `${printable(chart)} ${isMissing ? 'is not there' : `can't be read: ${why}`}`);
  }
  const values = stringify(ciliumValues(source.scenario));
  const text = await renderChart(source, path, values, renderer, signal);
  const { objects, problems } = readManifest(text, { file: `${chart} as helm renders it`, network: null });
  const found = problems.length > 0 ? problems : cniManifestProblems(objects, chart, source.scenario);
  const [first] = found;
  // Its lines are of a text that nobody has: the place is the chart's.
  if (first !== undefined) throw refused(source, `${printable(chart)} as helm renders it: ${first.message}`);
  return { path: chart, sha256: file.sha256, objects, values };
}

async function renderChart(
  source: ScenarioSource,
  path: string,
  values: string,
  { runner, searchPath }: ChartRenderer,
  signal: AbortSignal,
): Promise<string> {
  const { name } = source.scenario.cni;
  // What the chart may ask of the cluster.
  const version = kubernetesVersionOf(source.scenario.distribution.version);
  const args = ['template', name, path, '--namespace', 'kube-system', '--include-crds'];
  try {
    const { stdout } = await runner.run(HELM, [...args, '--kube-version', version, '--values', '-'], {
      timeoutMs: HELM_TIMEOUT_MS,
      signal,
      input: values,
      env: { PATH: searchPath },
    });
    return stdout;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.kind === 'not-found') {
      throw new FailureError({
        class: 'preflight',
        step: 'lint',
        message: `${HELM} is not installed, and cni.chart needs it to render ${printable(source.scenario.cni.chart ?? '')}`,
        hint:
          'Install Helm 3, or render the chart elsewhere with helm template and name the result as cni.manifest: lint says which of its ' +
          'settings the scenario does not ask for.',
      });
    }
    const lines = error.lastLines();
    const said = lines.length > 0 ? lines : [error.message];
    throw refused(source, ['helm could not render it:', ...said.map((line) => `  ${line}`)].join('\n'));
  }
}
