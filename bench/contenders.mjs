import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { measure } from './measure.mjs';

/**
 * One measured run.
 * @typedef {{ figures: Record<string, number>, phasesMs: Record<string, number>, report: any }} Round
 */

/** What can't run here: left out of the figures, and said. */
export class NotHere extends Error {}

const CANNOT_RUN_HERE = 3;
const DOCKER_TIMEOUT_MS = 30_000;

/** @param {string} text */
const lastLines = (text) => text.trim().split('\n').slice(-6).join('\n');

/** @param {any} report */
function readyMs(report) {
  const launch = report.phases.find((/** @type {any} */ phase) => phase.name === 'launch');
  const ready = report.phases.find((/** @type {any} */ phase) => phase.name === 'ready');
  return Date.parse(ready.startedAt) + ready.durationMs - Date.parse(launch.startedAt);
}

/**
 * A run of ours. It never sets the host up.
 * @param {{ root: string, scratch: string }} place
 * @param {string} scenario
 * @param {readonly string[]} options
 * @returns {() => Promise<Round>}
 */
export function ours({ root, scratch }, scenario, options) {
  const entry = ['--max-semi-space-size=2', join(root, 'dist', 'cli.js')];
  const folder = join(scratch, [scenario, ...options].join('-').replaceAll(/[^\w-]/g, ''));
  const run = ['run', `scenarios/${scenario}.yaml`, '--json', '--no-egress', '--report-dir', folder];
  return async () => {
    const { status, stdout, stderr, ...measured } = await measure(
      process.execPath,
      [...entry, ...run, ...options],
      root,
    );
    if (status === CANNOT_RUN_HERE) throw new NotHere(lastLines(stderr));
    if (status !== 0) throw new Error(`ended with status ${status}: ${lastLines(stderr)}`);
    const report = JSON.parse(stdout);
    const phasesMs = Object.fromEntries(
      report.phases.map((/** @type {any} */ { name, durationMs }) => [name, durationMs]),
    );
    const figures = {
      timeToDualStackMs: report.timeToDualStackMs,
      readyMs: readyMs(report),
      ...measured,
    };
    return { figures, phasesMs, report };
  };
}

/**
 * The script of bench/kind-peer.sh, with the images that our run with kind had.
 * @param {{ root: string, scratch: string }} place
 * @param {() => any} reportOfKind null where our run with kind was not possible.
 * @returns {() => Promise<Round>}
 */
export function kindScript({ root, scratch }, reportOfKind) {
  return async () => {
    const report = reportOfKind();
    if (report === null) throw new NotHere('it takes the node image of our run with kind, and there is none');
    const manifest = join(scratch, 'nginxdualstack.yaml');
    writeFileSync(manifest, filledManifest(root, report.image.workload.image));
    const args = [findKind(), nodeImageOf(report), manifest];
    const { status, stdout, stderr, wallMs } = await measure(join(root, 'bench', 'kind-peer.sh'), args, root);
    if (status !== 0) throw new Error(`ended with status ${status}: ${lastLines(stderr)}`);
    const phasesMs = Object.fromEntries(
      [...stdout.matchAll(/^(\w+) (\d+)$/gm)].map(([, name, ms]) => [name, Number(ms)]),
    );
    const { create = NaN, apply = NaN, answer = NaN } = phasesMs;
    return { figures: { timeToDualStackMs: create + apply + answer, wallMs }, phasesMs, report: null };
  };
}

/**
 * @param {string} root
 * @param {string} image
 */
function filledManifest(root, image) {
  return readFileSync(join(root, 'templates', 'manifests', 'nginxdualstack.yaml'), 'utf8')
    .replace('{{image.nginxdualstack}}', image)
    .replace('{{service.ipFamilyPolicy}}', 'RequireDualStack')
    .replace('{{service.ipFamilies}}', '[IPv4, IPv6]');
}

/**
 * The name by which the container engine has the nodes' image.
 * @param {any} report
 */
function nodeImageOf({ image }) {
  const list = [
    'image',
    'ls',
    '--filter',
    `label=twinstack.cache=${image.key}`,
    '--format',
    '{{.Repository}}:{{.Tag}}',
  ];
  const { stdout } = spawnSync('docker', list, { encoding: 'utf8', timeout: DOCKER_TIMEOUT_MS });
  const [name = ''] = (stdout ?? '').split('\n');
  if (name === '') throw new NotHere('docker has no image of our run with kind');
  return name;
}

/** kind of PATH, else the one that twinstack has built. */
function findKind() {
  if (spawnSync('kind', ['version'], { timeout: DOCKER_TIMEOUT_MS }).status === 0) return 'kind';
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const components = join(cache, 'twinstack', 'components');
  const built = existsSync(components)
    ? readdirSync(components).filter((name) => name.startsWith('kind-'))
    : [];
  const file = built.map((name) => join(components, name, 'kind')).find((path) => existsSync(path));
  if (file === undefined) throw new NotHere('there is no kind, neither in PATH nor in the cache');
  return file;
}
