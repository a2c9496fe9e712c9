import test from 'ava';
import { judgeLint } from '../../../src/scenario/judge-lint.ts';
import { parseScenario, type ParsedScenario } from '../../../src/scenario/parse-scenario.ts';

/** Providers whose rules take the scenario. */
const takers = ({ auto }: ParsedScenario): string[] =>
  (auto ?? []).flatMap(({ provider, problems }) =>
    problems.some(({ severity }) => severity === 'error') ? [] : [provider],
  );

test('a scenario for auto is held against the rules of each provider', (t) => {
  const parsed = parseScenario('name: x\nprovider: auto\n', 'x.yaml');
  t.deepEqual(
    parsed.auto?.map(({ provider }) => provider),
    ['lxd', 'incus', 'kind'],
  );
  t.true(takers(parsed).includes('lxd'));
  t.is(parsed.scenario?.provider, 'lxd', 'what it is for the first that takes it');
});

test('auto can be said on the command line, of a file that names a provider', (t) => {
  const parsed = parseScenario('provider: lxd\n', 'x.yaml', { overrides: ['provider=auto'] });
  t.is(parsed.auto?.length, 3);
});

test('a scenario that names its provider has no other', (t) => {
  t.is(parseScenario('provider: lxd\n', 'x.yaml').auto, null);
  t.is(parseScenario('provider: auto\n', 'x.yaml', { overrides: ['provider=lxd'] }).auto, null);
  t.is(parseScenario('{', 'x.yaml').auto, null);
});

test('one provider that takes it is enough, and why another does not is known', (t) => {
  const text = 'provider: auto\ndistribution: { name: k0s, version: 1.36.3+k0s.2 }\n';
  const parsed = parseScenario(text, 'x.yaml');
  t.is(judgeLint(parsed).outcome, 'accepted');
  t.false(takers(parsed).includes('kind'));
  const kind = parsed.auto?.find(({ provider }) => provider === 'kind');
  t.true(kind?.problems.some(({ rule }) => rule === 'provider-distribution'));
});

test('what no provider takes is refused as it is for the first', (t) => {
  const ranges = 'network:\n  services: [10.152.183.0/24, fd98::/64]\n';
  const parsed = parseScenario(`provider: auto\n${ranges}`, 'x.yaml');
  t.is(judgeLint(parsed).outcome, 'refused');
  t.deepEqual(takers(parsed), []);
  t.deepEqual(
    parsed.problems.map(({ rule }) => rule),
    parseScenario(`provider: lxd\n${ranges}`, 'x.yaml').problems.map(({ rule }) => rule),
  );
});

test('a file that a rule is to refuse is refused as expected, with any provider', (t) => {
  const text =
    'provider: auto\nnetwork:\n  services: [10.152.183.0/24, fd98::/64]\nexpect: { rule: service-cidr-size }\n';
  t.is(judgeLint(parseScenario(text, 'x.yaml')).outcome, 'refused-as-expected');
});
