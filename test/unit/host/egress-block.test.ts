import test from 'ava';
import { blockedRuns, EgressBlocks, egressBlockRules } from '../../../src/host/egress-block.ts';
import { CommandError, type CommandRunner } from '../../../src/process/command-runner.ts';
import { never } from '../../support/never.ts';

const SPEC = { kind: 'egress-block', name: 'ts-k7f3q2', bridge: 'ts-k7f3q2' } as const;
const CALL = { timeoutMs: 1000, signal: never() };
const LISTING =
  'table inet lxd\ntable inet twinstack-egress-k7f3q2\ntable ip nat\ntable inet twinstack-egress-abc\n';

function fakeNft(answer: (args: readonly string[]) => string): { runner: CommandRunner; ran: string[] } {
  const ran: string[] = [];
  const runner: CommandRunner = {
    run(file, args) {
      ran.push([file, ...args].join(' '));
      return Promise.resolve({ exitCode: 0, stdout: answer(args), stderr: '', durationMs: 1 });
    },
  };
  return { runner, ran };
}

test('what a node sends to the host and beyond is refused; what nodes send each other, answers and neighbours are not', (t) => {
  const rules = egressBlockRules(SPEC, 'k7f3q2')
    .split('\n')
    .map((line) => line.trim());
  const refuse = 'reject with icmpx admin-prohibited comment "twinstack run k7f3q2"';
  t.true(rules.includes(`iifname "ts-k7f3q2" oifname != "ts-k7f3q2" ${refuse}`));
  const input = rules.slice(rules.indexOf('chain input {'));
  t.deepEqual(input.slice(2, 5), [
    'iifname "ts-k7f3q2" ct state established,related accept',
    'iifname "ts-k7f3q2" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept',
    `iifname "ts-k7f3q2" ${refuse}`,
  ]);
  // Made anew each time, whether it was there or not.
  t.deepEqual(rules.slice(0, 2), [
    'table inet twinstack-egress-k7f3q2',
    'delete table inet twinstack-egress-k7f3q2',
  ]);
});

test('runs are known by the names of their tables, and by nothing that only looks like one', (t) => {
  t.deepEqual(blockedRuns(LISTING), ['k7f3q2', 'abc']);
  t.deepEqual(
    blockedRuns('table inet twinstack-egress-\ntable ip twinstack-egress-abc\ntable inet twinstack\n'),
    [],
  );
});

test('a run removes its own table and no other; one that is gone is fine', async (t) => {
  const { runner, ran } = fakeNft(() => LISTING);
  const blocks = new EgressBlocks(runner, true);
  await blocks.remove('k7f3q2', CALL);
  await blocks.remove('gone', CALL);
  t.deepEqual(
    ran.filter((line) => line.includes('delete')),
    ['nft delete table inet twinstack-egress-k7f3q2'],
  );
  const owned = await blocks.listOwned(CALL);
  t.deepEqual(
    owned.map(({ kind, name, runId }) => [kind, name, runId]),
    [
      ['egress-block', 'ts-k7f3q2', 'k7f3q2'],
      ['egress-block', 'ts-abc', 'abc'],
    ],
  );
});

test('a user without root has none, and a host without nft neither', async (t) => {
  const { runner, ran } = fakeNft(() => LISTING);
  t.deepEqual(await new EgressBlocks(runner, false).listOwned(CALL), []);
  t.deepEqual(ran, []);
  const without: CommandRunner = {
    run: (file, args) =>
      Promise.reject(new CommandError('no nft', { kind: 'not-found', command: [file, ...args] })),
  };
  t.deepEqual(await new EgressBlocks(without, true).listOwned(CALL), []);
});
