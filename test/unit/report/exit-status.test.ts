import test from 'ava';
import type { ExitCode, VerdictFacts } from '../../../src/report/exit-status.ts';
import { combineExitCodes, decideVerdict, familyOfCheck } from '../../../src/report/exit-status.ts';
import type { RunOutcome } from '../../../src/run/event.ts';
import type { FailureClass } from '../../../src/run/failure.ts';
import { check, NODE_RANGES, passedChecks, V4_SERVICE, V6_SERVICE } from './recorded-run.ts';

function facts(change: Partial<VerdictFacts> = {}): VerdictFacts {
  return {
    failure: null,
    checks: passedChecks(),
    families: ['ipv4', 'ipv6'],
    cleanup: { outcome: 'complete', leaked: [] },
    expect: 'passed',
    ...change,
  };
}

function failure(failureClass: FailureClass) {
  return { class: failureClass, step: 'some-step', message: 'something happened', hint: null };
}

const incomplete = { outcome: 'incomplete', leaked: [{ kind: 'network', name: 'ts-x' }] } as const;

/** The passed checks with some of them changed; an id that is not among them is added. */
function withCheck(...changed: ReturnType<typeof check>[]) {
  const kept = passedChecks().filter(({ id }) => !changed.some((other) => other.id === id));
  return [...kept, ...changed];
}

const verdicts: [title: string, change: Partial<VerdictFacts>, outcome: RunOutcome, exitCode: ExitCode][] = [
  ['everything passed', {}, 'passed', 0],
  ['everything passed and the cluster is kept', { cleanup: { outcome: 'kept', leaked: [] } }, 'passed', 0],
  ['passed, but something could not be removed', { cleanup: incomplete }, 'passed', 5],
  [
    'a failed check outranks what was not removed',
    { failure: failure('check'), cleanup: incomplete },
    'failed',
    1,
  ],
  ['one check failed', { checks: withCheck(check(NODE_RANGES, { outcome: 'failed' })) }, 'failed', 1],
  [
    'one check was not reached',
    { checks: withCheck(check('dns/x/ipv4/a', { outcome: 'not-reached' })) },
    'failed',
    1,
  ],
  [
    'a check was skipped with a reason',
    { checks: withCheck(check('dns/x/ipv4/a', { outcome: 'skipped', reason: 'no DNS' })) },
    'passed',
    0,
  ],
  [
    'a check was skipped without a reason',
    { checks: withCheck(check('dns/x/ipv4/a', { outcome: 'skipped', reason: null })) },
    'failed',
    1,
  ],
  [
    'a check was skipped with a blank reason',
    { checks: withCheck(check('dns/x/ipv4/a', { outcome: 'skipped', reason: ' ' })) },
    'failed',
    1,
  ],
  [
    'the only Service check of a family was skipped',
    { checks: withCheck(check(V6_SERVICE, { outcome: 'skipped', reason: 'no route' })) },
    'failed',
    1,
  ],
  ['no checks at all', { checks: [] }, 'failed', 1],
  ['no Service check over IPv6', { checks: [check(V4_SERVICE), check(NODE_RANGES)] }, 'failed', 1],
  ['no Service check over IPv4', { checks: [check(V6_SERVICE)] }, 'failed', 1],
  ['only IPv6 was asked for, and proved', { checks: [check(V6_SERVICE)], families: ['ipv6'] }, 'passed', 0],
  [
    'only IPv4 was asked for, and IPv6 proved',
    { checks: [check(V6_SERVICE)], families: ['ipv4'] },
    'failed',
    1,
  ],
  [
    'a Service check over both families proves neither',
    { checks: [check('service/nginx/both/fields')] },
    'failed',
    1,
  ],
  [
    'a pod check is not a Service check',
    { checks: [check('pod/service/ipv4/x'), check('pod/service/ipv6/x')] },
    'failed',
    1,
  ],
  [
    'a Service check with a detail proves',
    { checks: [check('service/a/ipv4/from-pod/x'), check(V6_SERVICE)] },
    'passed',
    0,
  ],
  ['no family was asked for', { families: [] }, 'failed', 1],
  ['class check', { failure: failure('check') }, 'failed', 1],
  ['class usage', { failure: failure('usage'), checks: [] }, 'error', 2],
  ['class preflight', { failure: failure('preflight'), checks: [] }, 'error', 3],
  ['class infrastructure', { failure: failure('infrastructure'), checks: [] }, 'error', 4],
  [
    'class infrastructure outranks a failed check',
    { failure: failure('infrastructure'), checks: withCheck(check(V4_SERVICE, { outcome: 'failed' })) },
    'error',
    4,
  ],
  ['class timeout', { failure: failure('timeout') }, 'timed-out', 124],
  [
    'class timeout and something not removed',
    { failure: failure('timeout'), cleanup: incomplete },
    'timed-out',
    124,
  ],
  ['class bug', { failure: failure('bug') }, 'error', 70],
  ['interrupted by SIGINT', { failure: failure('interrupted'), signal: 'SIGINT' }, 'aborted', 130],
  ['interrupted by SIGTERM', { failure: failure('interrupted'), signal: 'SIGTERM' }, 'aborted', 143],
  ['interrupted by what nobody knows', { failure: failure('interrupted') }, 'aborted', 130],
];

const failedV6 = check(V6_SERVICE, { outcome: 'failed', reason: 'no answer' });
const expectations: typeof verdicts = [
  ['the expected check failed', { expect: { check: V6_SERVICE }, checks: withCheck(failedV6) }, 'passed', 0],
  [
    'the expected check failed, and the run named it as its failure',
    { expect: { check: V6_SERVICE }, checks: withCheck(failedV6), failure: failure('check') },
    'passed',
    0,
  ],
  [
    'the expected check failed, and something was not removed',
    { expect: { check: V6_SERVICE }, checks: withCheck(failedV6), cleanup: incomplete },
    'passed',
    5,
  ],
  ['the expected check passed', { expect: { check: V6_SERVICE } }, 'failed', 1],
  ['there is no such check', { expect: { check: 'service/other/ipv6/x' } }, 'failed', 1],
  [
    'the expected check was skipped',
    {
      expect: { check: 'dns/x/ipv4/a' },
      checks: withCheck(check('dns/x/ipv4/a', { outcome: 'skipped', reason: 'no DNS' })),
    },
    'failed',
    1,
  ],
  [
    'the expected check was not reached',
    { expect: { check: V6_SERVICE }, checks: withCheck(check(V6_SERVICE, { outcome: 'not-reached' })) },
    'failed',
    1,
  ],
  [
    'another one failed beside the expected one',
    { expect: { check: V6_SERVICE }, checks: withCheck(failedV6, check(NODE_RANGES, { outcome: 'failed' })) },
    'failed',
    1,
  ],
  [
    'the expected check failed and another was not reached',
    {
      expect: { check: V6_SERVICE },
      checks: withCheck(failedV6, check(NODE_RANGES, { outcome: 'not-reached' })),
    },
    'failed',
    1,
  ],
  [
    'the expected check failed, and then the engine',
    { expect: { check: V6_SERVICE }, checks: withCheck(failedV6), failure: failure('infrastructure') },
    'error',
    4,
  ],
  [
    'the expected rule is broken',
    {
      expect: { rule: 'service-cidr-size' },
      brokenRules: ['service-cidr-size'],
      failure: failure('usage'),
      checks: [],
    },
    'passed',
    0,
  ],
  [
    'the expected rule is broken twice',
    { expect: { rule: 'a-rule' }, brokenRules: ['a-rule', 'a-rule'], failure: failure('usage'), checks: [] },
    'passed',
    0,
  ],
  [
    'another rule is broken as well',
    { expect: { rule: 'a-rule' }, brokenRules: ['a-rule', 'b-rule'], failure: failure('usage'), checks: [] },
    'error',
    2,
  ],
  [
    'another rule is broken instead',
    { expect: { rule: 'a-rule' }, brokenRules: ['b-rule'], failure: failure('usage'), checks: [] },
    'error',
    2,
  ],
  ['no rule is broken', { expect: { rule: 'a-rule' }, checks: [] }, 'failed', 1],
  [
    'the expected rule is broken, but it was the host that refused',
    { expect: { rule: 'a-rule' }, brokenRules: ['a-rule'], failure: failure('preflight'), checks: [] },
    'error',
    3,
  ],
];

for (const [title, change, outcome, exitCode] of [...verdicts, ...expectations]) {
  test(`${exitCode}: ${title}`, (t) => {
    const verdict = decideVerdict(facts(change));
    t.like(verdict, { outcome, exitCode });
    t.is(verdict.failure === null, outcome === 'passed');
  });

  test(`${exitCode} when asked again: ${title}`, (t) => {
    const first = decideVerdict(facts(change));
    t.deepEqual(decideVerdict(facts({ ...change, failure: first.failure })), first);
  });
}

test('a met expectation is told in a notice', (t) => {
  const verdict = decideVerdict(facts({ expect: { check: V6_SERVICE }, checks: withCheck(failedV6) }));
  t.deepEqual(verdict.notices, [`Check ${V6_SERVICE} failed, as the scenario expects.`]);
});

test('the failure that is made from checks names the first and its reason', (t) => {
  const one = decideVerdict(facts({ checks: withCheck(failedV6) }));
  t.is(one.failure?.message, `check ${V6_SERVICE} failed: no answer`);
  const failedRanges = check(NODE_RANGES, { outcome: 'failed', reason: 'no ranges' });
  const two = decideVerdict(facts({ checks: withCheck(failedV6, failedRanges) }));
  t.is(two.failure?.message, `2 of 4 checks failed, first ${V6_SERVICE}: no answer`);
});

test('a family without a passed Service check is named', (t) => {
  const { failure: found } = decideVerdict(facts({ checks: [check(NODE_RANGES)] }));
  t.is(found?.message, 'no Service check passed over ipv4 and ipv6');
});

// Each status outranks all that stand to its right.
const ORDER: ExitCode[] = [70, 130, 4, 124, 3, 1, 5, 2, 0];
for (const [index, winner] of ORDER.entries()) {
  for (const loser of ORDER.slice(index)) {
    test(`several runs: ${winner} outranks ${loser}`, (t) => {
      t.is(combineExitCodes([winner, loser]), winner);
      t.is(combineExitCodes([loser, winner, 0]), winner);
    });
  }
}

test('several runs: of 130 and 143 the first one stands', (t) => {
  t.is(combineExitCodes([0, 143, 130]), 143);
  t.is(combineExitCodes([4, 130, 143]), 130);
  t.is(combineExitCodes([143, 70]), 70);
});

test('the family of a check is the third word of its id', (t) => {
  t.is(familyOfCheck(V6_SERVICE), 'ipv6');
  t.is(familyOfCheck(NODE_RANGES), 'both');
  t.is(familyOfCheck('service/x'), null);
  t.is(familyOfCheck('service/x/dual/y'), null);
});
