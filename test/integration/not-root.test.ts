import { spawnSync } from 'node:child_process';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertNothingLeft, lxdGet, namesLikeOurs, readWrittenReport, realTest } from './real-engine.ts';
import type { RunningEntry } from '../support/run-entry.ts';
import { canMakeUsers, UnprivilegedUser } from './unprivileged-user.ts';
import type { NodeImage } from '../../src/images/node-image.ts';

const required = process.env['CI'] !== undefined && process.env['CI'] !== 'false';
if (!canMakeUsers && !required)
  process.stderr.write('\nNOT ROOT: the tests that make a user are SKIPPED.\n\n');
const test = (canMakeUsers || required ? realTest : anyTest.serial.skip) as TestFn;

const INOTIFY = '/proc/sys/fs/inotify/max_user_instances';
/** Below what `doctor` asks for, and more than anything here uses. */
const FEW_INSTANCES = '511';

let user: UnprivilegedUser;
anyTest.before(() => {
  if (!canMakeUsers) return;
  user = new UnprivilegedUser({ groups: ['lxd'] });
  user.shareComponents();
});
anyTest.after.always(async () => {
  if (!canMakeUsers) return;
  // Whatever a test that failed has left.
  await user.run('gc');
  user.remove();
});

/** Builders in LXD, whoever they belong to. */
const builders = async (): Promise<string[]> =>
  (await namesLikeOurs()).filter((name) => name.endsWith('-builder'));

/** Starts a build that ends with the test at the latest. */
function startBuild(t: ExecutionContext): RunningEntry {
  const build = user.start('image', 'build');
  t.teardown(async () => {
    build.child.kill('SIGINT');
    await build.result;
  });
  return build;
}

/** The build's container, once it is at work there. */
async function builderOf(build: RunningEntry): Promise<string> {
  await build.stderrMatches(/Installing Debian \w+ \(/);
  const [runId = ''] = readdirSync(join(user.state, 'runs'));
  const name = `instances/ts-${runId}-builder`;
  if (!(await builders()).includes(name)) throw new Error(`${name} is not in LXD`);
  return name;
}

test('SIGKILL while the image is built in its container: gc of the same user removes that', async (t) => {
  const build = startBuild(t);
  const name = await builderOf(build);
  build.child.kill('SIGKILL');
  await build.result;
  const { status, stderr } = await user.run('gc');
  t.is(status, 0, stderr);
  t.false((await builders()).includes(name));
});

test('Ctrl-C while the image is built in its container: exit 130, and nothing is left', async (t) => {
  rmSync(join(user.state, 'runs'), { recursive: true, force: true });
  const build = startBuild(t);
  const name = await builderOf(build);
  build.child.kill('SIGINT');
  const { status, stderr } = await build.result;
  t.is(status, 130, stderr.split('\n').slice(-20).join('\n'));
  t.false((await builders()).includes(name));
  t.deepEqual(readdirSync(join(user.state, 'runs')), []);
  t.deepEqual(user.foreignFiles(), []);
});

test("a user in LXD's group builds the image and passes the quick start; all files are the user's", async (t) => {
  t.is((await user.run('image', 'list')).stdout, 'no node images\n');
  const folder = join(user.home, 'report');
  const { status, stderr } = await user.run('--yes', '--no-egress', '--report-dir', folder);
  t.is(status, 0, stderr.split('\n').slice(-40).join('\n'));
  const report = readWrittenReport(folder);
  t.is(report.exitCode, 0);
  t.true(report.checks.every(({ outcome }) => outcome === 'passed'));
  await assertNothingLeft(t, report.runId);
  t.deepEqual(user.foreignFiles(), []);
  t.deepEqual(user.exposedFiles(), []);
});

test('the image has the key that root finds for the same release', async (t) => {
  const { stdout } = await user.run('image', 'list', '--json');
  const [image] = JSON.parse(stdout) as NodeImage[];
  const { createDebianRecipe } = await import('../../src/images/build/debian-recipe.ts');
  if (image === undefined) return t.fail('there is no image');
  const { kubernetesVersion, architecture, key } = image;
  t.is(key, await (await createDebianRecipe()).key({ kubernetesVersion, architecture, source: 'go' }));
  const images = (await lxdGet('/1.0/images?recursion=1')) as { properties: Record<string, string> }[];
  t.true(images.some(({ properties }) => properties['user.twinstack.cache'] === key));
});

test('a kept run: kubeconfig, logs, shell, report, ps and down without root', async (t) => {
  const kept = await user.run(
    'run',
    'scenarios/quickstart.yaml',
    '--no-egress',
    '--keep',
    'always',
    '--json',
  );
  const { runId } = JSON.parse(kept.stdout) as { runId: string };
  t.teardown(() => user.run('down', runId));
  t.is(kept.status, 0, kept.stderr.split('\n').slice(-40).join('\n'));
  const kubeconfig = join(user.state, 'runs', runId, 'kubeconfig');
  t.is(statSync(kubeconfig).mode & 0o777, 0o600);
  t.deepEqual(user.exposedFiles(), []);
  t.is((await user.run('kubeconfig', runId)).stdout, readFileSync(kubeconfig, 'utf8'));
  t.regex((await user.run('logs', runId)).stdout, /kubelet/);
  t.is((await user.run('shell', runId)).status, 0);
  t.regex((await user.run('report', runId)).stdout, /quickstart/);
  t.regex((await user.run('ps', '--caches')).stdout, new RegExp(`${runId}\\s+quickstart\\s+kept`));
  const down = await user.run('down', runId);
  t.is(down.status, 0, down.stderr);
  await assertNothingLeft(t, runId);
  t.deepEqual(user.foreignFiles(), []);
});

test('npm in a checkout of the user; an image is removed', async (t) => {
  const npm = ['setpriv', `--reuid=${user.name}`, `--regid=${user.name}`, '--init-groups', '--', 'npm'];
  const { status, stdout, stderr } = spawnSync(
    npm[0] ?? '',
    [...npm.slice(1), 'run', '-s', 'scenario', '--', 'list'],
    {
      cwd: user.checkout,
      env: { PATH: process.env['PATH'], HOME: user.home },
      encoding: 'utf8',
    },
  );
  t.is(status, 0, stderr);
  t.regex(stdout, /quickstart/);
  const [image] = JSON.parse((await user.run('image', 'list', '--json')).stdout) as NodeImage[];
  t.is((await user.run('image', 'remove', image?.key ?? '')).status, 0);
  t.is((await user.run('image', 'list', '--json')).stdout.trim(), '[]');
});

test("a user outside LXD's group: exit 3, and what to join", async (t) => {
  const stranger = new UnprivilegedUser({ groups: [] });
  t.teardown(() => stranger.remove());
  const { status, stderr } = await stranger.run('run', 'scenarios/quickstart.yaml', '--no-egress', '--yes');
  t.is(status, 3);
  t.regex(stderr, /no permission to talk to LXD/);
  t.regex(stderr, /sudo usermod -aG lxd/);
});

/** Lets the user run exactly these commands as root, without a password. */
function allow(commands: readonly string[]): () => void {
  const file = join('/etc/sudoers.d', user.name);
  writeFileSync(file, commands.map((command) => `${user.name} ALL=(root) NOPASSWD: ${command}\n`).join(''));
  chmodSync(file, 0o440);
  return () => rmSync(file, { force: true });
}

test('set-up through sudo: the listed commands are enough, and their undo takes it back', async (t) => {
  t.true(existsSync('/usr/bin/sudo'), 'this test needs sudo: apt-get install sudo');
  const before = readFileSync(INOTIFY, 'utf8').trim();
  t.teardown(() => writeFileSync(INOTIFY, before));
  writeFileSync(INOTIFY, FEW_INSTANCES);
  const set = 'sysctl -w fs.inotify.max_user_instances=';
  t.teardown(allow([`/usr/sbin/${set}1024`, `/usr/sbin/${set}${FEW_INSTANCES}`]));

  const fixed = await user.run('doctor', '--fix', '--yes');
  t.is(fixed.status, 0, fixed.stderr);
  t.true(fixed.stderr.includes(`sudo ${set}1024`));
  t.is(readFileSync(INOTIFY, 'utf8').trim(), '1024');

  const undone = await user.run('doctor', '--undo', '--yes');
  t.is(undone.status, 0, undone.stderr);
  t.is(readFileSync(INOTIFY, 'utf8').trim(), FEW_INSTANCES);
});

test('set-up without the right: exit 3, the commands, and nothing changed', async (t) => {
  const before = readFileSync(INOTIFY, 'utf8').trim();
  t.teardown(() => writeFileSync(INOTIFY, before));
  writeFileSync(INOTIFY, FEW_INSTANCES);
  t.teardown(allow(['/usr/bin/true']));

  const { status, stderr } = await user.run('doctor', '--fix', '--yes');
  t.is(status, 3, stderr);
  t.regex(stderr, /sudo does not let us/);
  t.true(stderr.includes('sysctl -w fs.inotify.max_user_instances=1024'));
  t.is(readFileSync(INOTIFY, 'utf8').trim(), FEW_INSTANCES);
  t.false(existsSync(join(user.state, 'host-changes.json')));
});
