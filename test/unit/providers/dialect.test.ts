import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ROOT } from '../../support/run-entry.ts';
import { SAMPLE_RUN, samplePlan } from '../../support/sample-plan.ts';
import { never } from '../../support/never.ts';
import { sampleOwner } from '../../support/owner.ts';
import { renderPlan } from '../../../src/plan/render-plan.ts';
import { CommandError, type CommandRunner } from '../../../src/process/command-runner.ts';
import { FailureError, type Failure } from '../../../src/run/failure.ts';
import { INCUS, LXD, type Dialect } from '../../../src/providers/lxc/dialect.ts';
import { LxcProvider } from '../../../src/providers/lxc/lxc-provider.ts';
import { loadScenario } from '../../../src/scenario/load-scenario.ts';
import { containerRun } from './run-objects.ts';

const CALL = { timeoutMs: 8000, signal: never() };
const NEVER_RUN: CommandRunner = { run: () => Promise.reject(new Error('nothing is run')) };
const OTHERS = { lxd: /incus/i, incus: /\blx[cd]\b/i };
/** LXC's own configuration, and the labels' and variables' names, are neither dialect's. */
const NEITHER = /raw\.lxc|lxc\.[a-z.]+/g;

for (const dialect of [LXD, INCUS]) {
  const provider = new LxcProvider(dialect, NEVER_RUN);
  const specs = containerRun('k7f3q2', { image: 'abc', pool: 'twinstack' }, 2);
  const commands = [
    ...specs.flatMap((spec) => provider.commandsFor(spec, sampleOwner('k7f3q2'))),
    provider.startCommand('ts-k7f3q2-worker-1'),
    provider.execCommand('ts-k7f3q2-worker-1', 'true', []),
    provider.shellCommand('ts-k7f3q2-worker-1'),
  ];

  test(`every command for ${dialect.title} is of its own client, and says nothing of the other`, (t) => {
    t.true(commands.length > specs.length);
    for (const [file, ...args] of commands) {
      t.is(file, dialect.client);
      t.notRegex(args.join(' ').replaceAll(NEITHER, ''), OTHERS[dialect.provider]);
    }
  });

  test(`requests for ${dialect.title} are those of the other but for the client`, (t) => {
    const other = new LxcProvider(dialect === LXD ? INCUS : LXD, NEVER_RUN);
    const argumentsOf = (of: LxcProvider): unknown =>
      specs.map((spec) => of.commandsFor(spec, sampleOwner('k7f3q2')).map(([, ...args]) => args));
    t.deepEqual(argumentsOf(provider), argumentsOf(other));
  });
}

/** How a provider refuses, whose client ends like this. */
async function refusalOf(
  dialect: Dialect,
  kind: CommandError['kind'],
  stderr = '',
): Promise<Failure | undefined> {
  const error = new CommandError(`${dialect.client} failed`, { kind, command: [dialect.client], stderr });
  const provider = new LxcProvider(dialect, { run: () => Promise.reject(error) });
  const refusal: unknown = await provider.info(CALL).catch((reason: unknown) => reason);
  return refusal instanceof FailureError ? refusal.failure : undefined;
}

for (const { dialect, kind, stderr, message, hint } of [
  { dialect: LXD, kind: 'not-found', stderr: '', message: /LXD is not installed.*lxc/, hint: /--fix/ },
  { dialect: INCUS, kind: 'not-found', stderr: '', message: /Incus is not installed.*incus/, hint: /--fix/ },
  { dialect: LXD, kind: 'timeout', stderr: '', message: /LXD hangs.* 8 s$/, hint: /restart lxd/ },
  { dialect: INCUS, kind: 'timeout', stderr: '', message: /Incus hangs.* 8 s$/, hint: /restart incus/ },
  {
    dialect: LXD,
    kind: 'exit',
    stderr:
      'Error: Get "http://unix.socket/1.0": dial unix /var/lib/lxd/unix.socket: connect: permission denied',
    message: /no permission to talk to LXD/,
    hint: /usermod -aG lxd /,
  },
  {
    dialect: INCUS,
    kind: 'exit',
    // As Incus 6.0.4 says it.
    stderr:
      "Error: You don't have the needed permissions to talk to the incus daemon (socket path: /var/lib/incus/unix.socket)",
    message: /no permission to talk to Incus/,
    hint: /usermod -aG incus-admin /,
  },
  {
    dialect: INCUS,
    kind: 'exit',
    stderr: "Error: The incus daemon doesn't appear to be started (socket path: /var/lib/incus/unix.socket)",
    message: /Incus does not answer: .*doesn't appear to be started/,
    hint: /--fix.*systemctl start incus/,
  },
] as const) {
  test(`${dialect.title}, ${kind} "${stderr.slice(0, 40)}": the cause and the way out`, async (t) => {
    const failure = await refusalOf(dialect, kind, stderr);
    t.is(failure?.class, 'preflight');
    t.regex(failure?.message ?? '', message);
    t.regex(failure?.hint ?? '', hint);
  });
}

test('the launch of the plan for Incus reads as recorded', async (t) => {
  const { scenario } = await loadScenario(join(ROOT, 'scenarios', 'incus-dualstack.yaml'), {});
  if (scenario === null) throw new Error('refused');
  const plan = samplePlan(scenario);
  const steps = plan.steps.filter(({ phase }) => phase === 'launch');
  const provider = new LxcProvider(INCUS, NEVER_RUN);
  const text = `${renderPlan({ ...plan, steps }, provider, sampleOwner(SAMPLE_RUN)).join('\n')}\n`;
  t.is(text, readFileSync(new URL('../../fixtures/plans/incus-launch.txt', import.meta.url), 'utf8'));
});
