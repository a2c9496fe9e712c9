// `npm run bench [-- RUNS]`: what a run costs, as whole processes on this machine, with a cached node image. Medians are kept in
// bench/results/. A figure is only worth something on a machine that does nothing else.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const entry = join(root, 'dist', 'cli.js');
const runs = Number(process.argv[2] ?? 5);
const RSS_POLL_MS = 100;

/** @param {number[]} values */
const summary = (values) => {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (/** @type {number} */ share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { median: at(0.5), min: sorted[0], max: sorted.at(-1), runs: values };
};

/**
 * @param {string[]} args
 * @returns {Promise<{ status: number | null, firstByteMs: number, wallMs: number, peakRssMb: number, stdout: string }>}
 */
function measure(args) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(process.execPath, ['--max-semi-space-size=2', entry, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let firstByteMs = 0;
    let stdout = '';
    let peakRssMb = 0;
    const seen = () => {
      if (firstByteMs === 0) firstByteMs = performance.now() - started;
    };
    child.stderr.on('data', seen);
    child.stdout.on('data', (chunk) => {
      seen();
      stdout += chunk;
    });
    const poll = setInterval(() => {
      try {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        peakRssMb = Math.max(peakRssMb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      } catch {
        // The process has ended between two looks.
      }
    }, RSS_POLL_MS);
    child.on('close', (status) => {
      clearInterval(poll);
      resolve({ status, firstByteMs, wallMs: performance.now() - started, peakRssMb, stdout });
    });
  });
}

/** @param {any} report */
function readyMs(report) {
  const launch = report.phases.find((/** @type {any} */ phase) => phase.name === 'launch');
  const ready = report.phases.find((/** @type {any} */ phase) => phase.name === 'ready');
  return Date.parse(ready.startedAt) + ready.durationMs - Date.parse(launch.startedAt);
}

const scratch = mkdtempSync(join(tmpdir(), 'twinstack-bench-'));
/** @type {Record<string, { timeToDualStackMs: number[], readyMs: number[], wallMs: number[], firstByteMs: number[], peakRssMb: number[] }>} */
const figures = {};
const scenarios = ['quickstart', 'three-nodes'];
try {
  // One round warms the caches; then the scenarios take turns, so that a drift of the machine meets them alike.
  for (let round = 0; round <= runs; round += 1) {
    for (const name of scenarios) {
      const args = [
        'run',
        `scenarios/${name}.yaml`,
        '--yes',
        '--json',
        '--no-egress',
        '--report-dir',
        join(scratch, name),
      ];
      const { status, stdout, firstByteMs, wallMs, peakRssMb } = await measure(args);
      if (status !== 0) throw new Error(`${name} ended with status ${status}: ${stdout.slice(0, 2000)}`);
      if (round === 0) continue;
      const report = JSON.parse(stdout);
      figures[name] ??= { timeToDualStackMs: [], readyMs: [], wallMs: [], firstByteMs: [], peakRssMb: [] };
      figures[name].timeToDualStackMs.push(report.timeToDualStackMs);
      figures[name].readyMs.push(readyMs(report));
      figures[name].wallMs.push(Math.round(wallMs));
      figures[name].firstByteMs.push(Math.round(firstByteMs));
      figures[name].peakRssMb.push(Math.round(peakRssMb));
      console.error(
        `${name} ${round}/${runs}: dual-stack after ${report.timeToDualStackMs} ms, ${Math.round(wallMs)} ms in all`,
      );
    }
  }
  const help = [];
  for (let round = 0; round < runs; round += 1) help.push(Math.round((await measure(['--help'])).wallMs));
  const { stdout } = await measure(['image', 'list', '--json']);
  const image = JSON.parse(stdout)[0];
  const medians = Object.fromEntries(
    Object.entries(figures).map(([name, values]) => [
      name,
      Object.fromEntries(Object.entries(values).map(([figure, list]) => [figure, summary(list)])),
    ]),
  );
  const each = (/** @type {string} */ name) => medians[name]?.['readyMs']?.median ?? 0;
  const result = {
    at: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    scenarios: medians,
    eachWorkerMs: Math.round((each('three-nodes') - each('quickstart')) / 2),
    helpMs: summary(help),
    imageBytes: image?.sizeBytes ?? null,
  };
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  const file = join(root, 'bench', 'results', `${result.at.slice(0, 10)}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify(result, null, 2));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
