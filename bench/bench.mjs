// `npm run bench [-- RUNS]`: what a run costs, as whole processes on this machine, with cached node images. Each provider's run of the
// quick start stands beside a script with kind that is written by hand (kind-peer.sh). Medians are kept in bench/results/. A figure is
// only worth something on a machine that does nothing else.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kindScript, NotHere, ours } from './contenders.mjs';
import { measure } from './measure.mjs';
import { summaries, summary } from './summary.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runs = Number(process.argv[2] ?? 5);
if (!Number.isInteger(runs) || runs < 1)
  throw new Error(`bench takes a number of runs, such as 5, and not ${process.argv[2]}`);

/** How much of the script's time a run of ours may take. @type {Record<string, { reach: number, aim?: number }>} */
const BOUNDS = { 'quickstart/lxd': { reach: 0.6, aim: 0.33 }, 'quickstart/kind': { reach: 1.1 } };
const SCRIPT = 'quickstart/kind-script';

const scratch = mkdtempSync(join(tmpdir(), 'twinstack-bench-'));
const place = { root, scratch };
/** @type {Map<string, import('./contenders.mjs').Round[]>} */
const rounds = new Map();
/** The reports of the warm-up. @type {Map<string, any>} */
const reports = new Map();
/** @type {Record<string, string>} */
const leftOut = {};
/** @type {{ contender: string, round: number, message: string }[]} */
const failures = [];

// kind's own network plugin takes the place of the one that the quick start names: it is what the script has.
const contenders = new Map([
  ['quickstart/lxd', ours(place, 'quickstart', ['--provider', 'lxd'])],
  ['quickstart/incus', ours(place, 'quickstart', ['--provider', 'incus'])],
  ['quickstart/kind', ours(place, 'quickstart', ['--provider', 'kind', '--set', 'cni.name=kindnet'])],
  [SCRIPT, kindScript(place, () => reports.get('quickstart/kind') ?? null)],
  ['three-nodes/lxd', ours(place, 'three-nodes', ['--provider', 'lxd'])],
]);

/**
 * @param {string} name
 * @param {number} round
 */
async function takeTurn(name, round) {
  const run = contenders.get(name);
  if (run === undefined || name in leftOut) return;
  try {
    const one = await run();
    console.error(
      `${round === 0 ? 'warm-up' : `${round}/${runs}`} ${name}: dual-stack after ${one.figures['timeToDualStackMs']} ms, ${one.figures['wallMs']} ms in all`,
    );
    if (round === 0) reports.set(name, one.report);
    else rounds.set(name, [...(rounds.get(name) ?? []), one]);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof NotHere) leftOut[name] = message;
    else failures.push({ contender: name, round, message });
    console.error(`${error instanceof NotHere ? 'LEFT OUT' : 'FAILED'} ${name}: ${message}`);
  }
}

/** @param {string} name */
function resultOf(name) {
  const own = rounds.get(name);
  if (own === undefined) return null;
  const figures = summaries(own.map((one) => one.figures));
  const median = figures['timeToDualStackMs']?.median ?? null;
  const script = summary(
    (rounds.get(SCRIPT) ?? []).map((one) => one.figures['timeToDualStackMs'] ?? NaN),
  ).median;
  const ratioToKindScript =
    median === null || script === null ? null : Math.round((median / script) * 100) / 100;
  const { engine = null } = reports.get(name === SCRIPT ? 'quickstart/kind' : name)?.host ?? {};
  return {
    engine,
    ...figures,
    phasesMs: summaries(own.map(({ phasesMs }) => phasesMs)),
    ...(name.startsWith('quickstart/') && name !== SCRIPT ? { ratioToKindScript } : {}),
    ...(BOUNDS[name] === undefined ? {} : { bounds: BOUNDS[name] }),
  };
}

try {
  // One round warms the caches; then they take turns, so that a drift of the machine meets them alike.
  for (let round = 0; round <= runs; round += 1) {
    for (const name of contenders.keys()) await takeTurn(name, round);
  }
  const program = ['--max-semi-space-size=2', join(root, 'dist', 'cli.js')];
  const help = [];
  for (let round = 0; round < runs; round += 1) {
    help.push((await measure(process.execPath, [...program, '--help'], root)).wallMs);
  }
  const { stdout } = await measure(process.execPath, [...program, 'image', 'list', '--json'], root);
  const usedKey = reports.get('quickstart/lxd')?.image?.key;
  const image = JSON.parse(stdout).find((/** @type {any} */ { key }) => key === usedKey);
  const results = Object.fromEntries([...contenders.keys()].map((name) => [name, resultOf(name)]));
  const ready = (/** @type {string} */ name) =>
    summary((rounds.get(name) ?? []).map((one) => one.figures['readyMs'] ?? NaN)).median;
  const [one, three] = [ready('quickstart/lxd'), ready('three-nodes/lxd')];
  const result = {
    at: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    kubernetes: [...reports.values()].find((report) => report !== null)?.distribution?.version ?? null,
    results,
    leftOut,
    failures,
    eachWorkerMs: one === null || three === null ? null : Math.round((three - one) / 2),
    helpMs: summary(help),
    imageBytes: image?.sizeBytes ?? null,
  };
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  writeFileSync(
    join(root, 'bench', 'results', `${result.at.slice(0, 10)}.json`),
    `${JSON.stringify(result, null, 2)}\n`,
  );
  console.log(JSON.stringify(result, null, 2));
  for (const [name, { reach, aim }] of Object.entries(BOUNDS)) {
    const ratio = results[name]?.ratioToKindScript ?? null;
    const wanted = `at most ${reach}${aim === undefined ? '' : `, aim ${aim}`}`;
    console.error(
      `${name}: ${ratio === null ? 'NO RATIO' : `${ratio} of the script's time${ratio <= reach ? '' : ', TOO MUCH'}`} (${wanted})`,
    );
  }
  for (const [name, why] of Object.entries(leftOut)) console.error(`LEFT OUT ${name}: ${why}`);
  if (failures.length > 0) {
    console.error(`${failures.length} FAILED; see failures in the result`);
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
