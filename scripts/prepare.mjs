// Runs before `npm run scenario` and `npm test`: installs the Node dependencies and compiles when something has changed, and does
// nothing otherwise. Uses nothing but Node, since nothing else may be there yet. Prints to standard error only: standard output
// is for results.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const STATUS_CANNOT_RUN_HERE = 3;

/** @param {string} text */
const say = (text) => process.stderr.write(`${text}\n`);

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  say(`twinstack needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(STATUS_CANNOT_RUN_HERE);
}

/** @param {string} what */
function requireWritable(what) {
  try {
    accessSync(root, constants.W_OK);
  } catch {
    const { uid } = statSync(root);
    say(
      `${what}: this user may not write to ${root}. Let its owner (user ${uid}) run this once, or take a checkout of your own.`,
    );
    process.exit(STATUS_CANNOT_RUN_HERE);
  }
}

/**
 * @param {string} what
 * @param {string} file
 * @param {string[]} args
 */
function run(what, file, args) {
  const started = Date.now();
  say(`${what} …`);
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    say(
      `${what}: failed${error === undefined ? '' : ` (${error.message})`}. The lines above say why; then run the same command again.`,
    );
    process.exit(STATUS_CANNOT_RUN_HERE);
  }
  say(`${what}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

const lockfile = readFileSync(join(root, 'package-lock.json'));
const wanted = createHash('sha256').update(lockfile).digest('hex');
const installedStamp = join(root, 'node_modules', '.twinstack-lockfile');
const installed = existsSync(installedStamp) ? readFileSync(installedStamp, 'utf8') : '';
if (installed !== wanted) {
  const npm = process.env['npm_execpath'];
  requireWritable('Installing Node dependencies');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  if (npm === undefined) run('Installing Node dependencies', 'npm', args);
  else run('Installing Node dependencies', process.execPath, [npm, ...args]);
  writeFileSync(installedStamp, wanted);
}

/**
 * The newest change below a folder, removals included: they change the folder's own time.
 * @param {string} path
 * @returns {number}
 */
function newestChange(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newestChange(join(path, name))));
}

const builtStamp = join(root, 'dist', '.built');
const builtAt = existsSync(builtStamp) ? statSync(builtStamp).mtimeMs : 0;
const sources = ['src', 'types', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
if (Math.max(...sources.map((name) => newestChange(join(root, name)))) >= builtAt) {
  requireWritable('Compiling');
  // A module whose source is gone must not stay behind.
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  run('Compiling', process.execPath, [
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.build.json',
  ]);
  writeFileSync(builtStamp, '');
}
