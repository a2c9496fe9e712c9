// `npm run evidence [-- VERSION…]`: runs each scenario of the evidence with each supported Kubernetes release on this host's engine,
// and puts the reports of those that passed into docs/evidence/. Ends with status 1 when one did not pass; its old report stays.
import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const SCENARIOS = ['quickstart', 'three-nodes', 'ipv6-primary'];

/** @type {{ releases: Record<string, unknown> }} */
const { releases } = JSON.parse(
  await readFile(join(root, 'templates', 'node-image', 'components.json'), 'utf8'),
);
const asked = process.argv.slice(2);
const unknown = asked.filter((version) => !Object.hasOwn(releases, version));
if (unknown.length > 0) {
  console.error(`no release ${unknown.join(', ')}; there is: ${Object.keys(releases).join(', ')}`);
  process.exit(2);
}

/**
 * Runs a scenario with a release. Started in the checkout with a relative path, so that the report names no folder of this host.
 * @param {string} scenario
 * @param {string} version
 * @param {string} directory
 * @returns {Promise<number | null>}
 */
function run(scenario, version, directory) {
  const args = ['run', `scenarios/${scenario}.yaml`, '--no-egress', `--report-dir=${directory}`];
  const child = spawn(
    process.execPath,
    [join(root, 'dist', 'cli.js'), ...args, `--set=distribution.version=${version}`],
    { cwd: root, stdio: 'inherit' },
  );
  // The run cleans up and ends by itself; we wait for it. A Ctrl-C on a terminal reaches it without us.
  const pass = () => child.kill('SIGTERM');
  const wait = () => undefined;
  process.on('SIGTERM', pass).on('SIGINT', wait);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => process.off('SIGTERM', pass).off('SIGINT', wait));
}

/**
 * Runs a scenario with a release and keeps the report when it passed.
 * @param {string} scenario
 * @param {string} version
 * @returns {Promise<number | null>} the run's exit status
 */
async function prove(scenario, version) {
  const directory = await mkdtemp(join(tmpdir(), 'twinstack-evidence-'));
  try {
    const status = await run(scenario, version, directory);
    if (status !== 0) {
      console.error(`${scenario} with Kubernetes ${version} did not pass: status ${status ?? 'none'}`);
      return status;
    }
    const kept = join(root, 'docs', 'evidence', version, scenario);
    await mkdir(kept, { recursive: true });
    await copyFile(join(directory, 'report.json'), join(kept, 'report.json'));
    return status;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const versions = asked.length > 0 ? asked : Object.keys(releases);
for (const [version, scenario] of versions.flatMap((each) => SCENARIOS.map((name) => [each, name]))) {
  const status = await prove(scenario ?? '', version ?? '');
  if (status !== 0) process.exitCode = 1;
  // Interrupted: nobody wants the others either.
  if (status === null || status >= 128) break;
}
