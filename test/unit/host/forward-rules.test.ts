import { readFileSync } from 'node:fs';
import test from 'ava';
import { acceptRules, dropsForwarded, ownRulesIn, setupRules } from '../../../src/host/forward-chain.ts';
import { ForwardRules } from '../../../src/host/forward-rules.ts';
import { CommandError, type CommandRunner } from '../../../src/process/command-runner.ts';
import { never } from '../../support/never.ts';
import type { ResourceSpec } from '../../../src/providers/provider.ts';

const DOCKER = readFileSync(
  new URL('../../fixtures/iptables-1.8.9/forward-with-docker-20.10.txt', import.meta.url),
  'utf8',
);
const CALL = { timeoutMs: 1000, signal: never() };
const RULE = '-i ts-k7f3q2 -o ts-k7f3q2 -m comment --comment "twinstack run k7f3q2 in lxd" -j ACCEPT';
const SPEC = {
  kind: 'forward-rule',
  name: 'ts-k7f3q2-ipv4',
  bridge: 'ts-k7f3q2',
  family: 'IPv4',
  egress: 'blocked',
} as const satisfies ResourceSpec;

/** An iptables that holds its rules in memory; the words of a rule are joined by spaces. */
function fakeTables(initial: Record<string, string[]> = {}): {
  runner: CommandRunner;
  tables: Map<string, string[]>;
  ran: string[];
} {
  const tables = new Map(Object.entries(initial));
  const ran: string[] = [];
  const runner: CommandRunner = {
    run(file, args) {
      ran.push([file, ...args].join(' '));
      const [program = '', ...words] = [file, ...args].filter((word) => word !== 'sudo' && word !== '-n');
      const [, , verb, , ...rule] = words;
      const lines = tables.get(program) ?? [];
      const text = rule.map((word) => (word.includes(' ') ? `"${word}"` : word)).join(' ');
      if (verb === '-I') tables.set(program, [text, ...lines]);
      if (verb === '-D')
        tables.set(
          program,
          lines.filter((line) => line !== text),
        );
      const stdout = ['-P FORWARD DROP', ...lines.map((line) => `-A FORWARD ${line}`), ''].join('\n');
      return Promise.resolve({ exitCode: 0, stdout, stderr: '', durationMs: 1 });
    },
  };
  return { runner, tables, ran };
}

const failing = (details: Partial<ConstructorParameters<typeof CommandError>[1]>): CommandRunner => ({
  run: (file, args) =>
    Promise.reject(new CommandError('it failed', { kind: 'exit', command: [file, ...args], ...details })),
});

test('what a chain does with what no rule accepts', (t) => {
  t.true(dropsForwarded(DOCKER));
  t.false(dropsForwarded(DOCKER.replace('-P FORWARD DROP', '-P FORWARD ACCEPT')));
  t.true(dropsForwarded('-P FORWARD ACCEPT\n-A FORWARD -j REJECT --reject-with icmp-host-prohibited\n'));
  t.false(dropsForwarded('-P FORWARD ACCEPT\n-A FORWARD -i eth1 -j REJECT\n'));
});

test('a lab that is kept in gets no rule for its way out', (t) => {
  t.deepEqual(acceptRules({ bridge: 'ts-a', egress: 'blocked' }, 'c'), [
    ['-i', 'ts-a', '-o', 'ts-a', '-m', 'comment', '--comment', 'c', '-j', 'ACCEPT'],
  ]);
  const open = acceptRules({ bridge: 'ts-a', egress: 'open' }, 'c').map((rule) => rule.join(' '));
  t.is(open.length, 3);
  // From outside only answers come in.
  t.deepEqual(
    open.filter((rule) => rule.startsWith('-o')),
    ['-o ts-a -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment c -j ACCEPT'],
  );
});

test('only the comment makes a rule ours', (t) => {
  const listing = [
    DOCKER,
    `-A FORWARD ${RULE}`,
    '-A FORWARD -i ts-k7f3q2 -o ts-k7f3q2 -j ACCEPT',
    '-A FORWARD -i ts-other1 -m comment --comment "not twinstack run other1" -j ACCEPT',
    '-A FORWARD -i ts-+ -o ts-+ -m comment --comment "twinstack doctor" -j ACCEPT',
  ].join('\n');
  t.deepEqual(
    ownRulesIn(listing).map(({ runId, bridge }) => [runId, bridge]),
    [['k7f3q2', 'ts-k7f3q2']],
  );
});

test('rules are added once, listed as one object, and removed to the last word', async (t) => {
  const foreign = '-i ts-k7f3q2 -j ACCEPT';
  const { runner, tables } = fakeTables({ iptables: [foreign] });
  const rules = new ForwardRules(runner, 'lxd', true);
  await rules.create({ ...SPEC, egress: 'open' }, 'k7f3q2', CALL);
  await rules.create({ ...SPEC, egress: 'open' }, 'k7f3q2', CALL);
  t.is(tables.get('iptables')?.length, 4);
  t.deepEqual(await rules.listOwned(CALL), [
    { kind: 'forward-rule', name: SPEC.name, runId: 'k7f3q2', lease: null, createdAt: null },
  ]);
  await rules.remove(SPEC.name, 'other1', CALL);
  t.is(tables.get('iptables')?.length, 4);
  await rules.remove(SPEC.name, 'k7f3q2', CALL);
  await rules.remove(SPEC.name, 'k7f3q2', CALL);
  t.deepEqual(tables.get('iptables'), [foreign]);
});

test('plan shows the commands that create runs', async (t) => {
  const { runner, ran } = fakeTables();
  const rules = new ForwardRules(runner, 'lxd', true);
  await rules.create(SPEC, 'k7f3q2', CALL);
  t.deepEqual(
    rules.commandsFor(SPEC, 'k7f3q2').map((command) => command.join(' ')),
    ran.filter((line) => line.includes('-I')),
  );
});

test('a host without iptables, or without its tables, has no rules of ours', async (t) => {
  for (const runner of [
    failing({ kind: 'not-found' }),
    failing({ stderr: "ip6tables v1.8.9: can't initialize ip6tables table `filter': Table does not exist" }),
  ]) {
    t.deepEqual(await new ForwardRules(runner, 'lxd', true).listOwned(CALL), []);
  }
});

test('a list that could not be read is not taken for an empty one', async (t) => {
  const busy = failing({ stderr: 'Another app is currently holding the xtables lock.' });
  await t.throwsAsync(new ForwardRules(busy, 'lxd', true).listOwned(CALL));
});

test('a user without root asks sudo to look, touches nothing, and may not know', async (t) => {
  const { runner, ran } = fakeTables();
  const rules = new ForwardRules(runner, 'lxd', false);
  t.deepEqual(await rules.listOwned(CALL), []);
  t.deepEqual(ran, []);
  t.is(await rules.verdict('IPv4', CALL), 'drops');
  t.deepEqual(ran, ['sudo -n iptables -w 5 -S FORWARD']);
  t.is(
    await new ForwardRules(failing({ stderr: 'a password is required' }), 'lxd', false).verdict('IPv4', CALL),
    'unknown',
  );
});

test("doctor's rules for every bridge are seen, and its undo names each of them", async (t) => {
  const { add, remove } = setupRules(['IPv4']);
  const { runner, tables } = fakeTables();
  for (const [file = '', ...args] of add) await runner.run(file, args, CALL);
  t.is(await new ForwardRules(runner, 'lxd', true).verdict('IPv4', CALL), 'accepted-by-doctor');
  t.deepEqual(await new ForwardRules(runner, 'lxd', true).listOwned(CALL), []);
  for (const [file = '', ...args] of remove) await runner.run(file, args, CALL);
  t.deepEqual(tables.get('iptables'), []);
});
