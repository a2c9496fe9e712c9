import test from 'ava';
import { ownTestNames, withoutFamilyWords } from '../../../src/scenario/own-test-names.ts';
import { CHECK_ID_PATTERN } from '../../../src/report/report.ts';

const named = (name: string): { name: string; command: string[] } => ({ name, command: ['x'] });
const unnamed = (...command: string[]): { name: null; command: string[] } => ({ name: null, command });

test('a name is the written one, or what the command makes', (t) => {
  const tests = [
    named('smoke'),
    unnamed('npm', 'test'),
    unnamed('/usr/bin/node', './test/dual.mjs', '--verbose', 'x'),
    unnamed('sh', '-c', 'echo hello'),
    unnamed('./run.sh'),
    unnamed('日本'),
    unnamed('go', 'test', './...'),
  ];
  t.deepEqual(ownTestNames(tests), [
    'smoke',
    'npm-test',
    'node-test-dual-mjs',
    'sh',
    'run-sh',
    'test',
    'go-test',
  ]);
});

test('no name twice, and a written one is nobody else’s', (t) => {
  const tests = [unnamed('a'), unnamed('a'), named('a'), named('a-2'), named('ipv6'), named('v6')];
  const names = ownTestNames(tests);
  t.deepEqual(names, ['a-3', 'a-4', 'a', 'a-2', 'v6', 'v6-2']);
});

test('every name makes an id that the report takes, also one with a family in it', (t) => {
  const tests = ['ipv6-test', 'ipv4', 'both', 'test-both-ipv4-ipv6', 'testipv6'].map(named);
  for (const name of ownTestNames([...tests, unnamed('./ipv6', 'both')])) {
    t.regex(`test/${name}/both/exit-status`, CHECK_ID_PATTERN);
  }
  t.is(withoutFamilyWords('web-ipv6.both'), 'web-v6.dual');
});
