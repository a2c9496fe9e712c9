import test from 'ava';
import { visit } from './command-line.ts';

test.serial('a plan needs no engine and leaves nothing', async (t) => {
  const visitor = await visit(t);
  const folders = { XDG_STATE_HOME: visitor.file('home/state'), XDG_CACHE_HOME: visitor.file('home/cache') };
  const { status, stdout, stderr } = await visitor.run(['plan', 'scenarios/three-nodes.yaml'], folders);
  t.is(status, 0);
  t.is(stderr, '');
  t.regex(stdout, /^# three-nodes: kubeadm /);
  for (const step of [
    'launch/network',
    'launch/worker-2',
    'bootstrap/init',
    'join/worker-1',
    'network/worker-2',
  ]) {
    t.true(stdout.includes(`\n[${step}] `), step);
  }
  t.regex(stdout, /^ {2}\$ lxc query .*user\.twinstack\.run/m);
  t.regex(stdout, /^ {2}check curl the IPv6 ClusterIP of nginx-dualstack/m);
  t.deepEqual(await visitor.belongings(), []);
});

test.serial('the same file gives the same plan, and no secret', async (t) => {
  const visitor = await visit(t);
  const [one, other] = await Promise.all([
    visitor.run(['plan', 'scenarios/quickstart.yaml']),
    visitor.run(['plan', 'scenarios/quickstart.yaml']),
  ]);
  t.is(one.stdout, other.stdout);
  t.true(one.stdout.includes('{{secret.bootstrapToken}}'));
});

test.serial('options change the plan as the file would', async (t) => {
  const visitor = await visit(t);
  const options = ['--set', 'nodes.workers=1', '--set', 'egress=open', '--json'];
  const open = await visitor.run(['plan', 'scenarios/quickstart.yaml', ...options]);
  const plan = JSON.parse(open.stdout) as { nodes: { shortName: string }[]; checks: { id: string }[] };
  t.deepEqual(
    plan.nodes.map(({ shortName }) => shortName),
    ['control-plane-1', 'worker-1'],
  );
  t.false(plan.checks.some(({ id }) => id.startsWith('egress/')));
  const blocked = await visitor.run(['plan', 'scenarios/quickstart.yaml', '--no-egress', '--json']);
  t.true((JSON.parse(blocked.stdout) as typeof plan).checks.some(({ id }) => id.startsWith('egress/')));
});

test.serial('a refused file has no plan', async (t) => {
  const visitor = await visit(t);
  const { status, stdout, stderr } = await visitor.run([
    'plan',
    'scenarios/quickstart.yaml',
    '--set',
    'nodes.controlPlanes=2',
  ]);
  t.is(status, 2);
  t.is(stdout, '');
  t.regex(stderr, /^--set:1:1 nodes\.controlPlanes: .*\(rule not-yet\)\n$/);
});
