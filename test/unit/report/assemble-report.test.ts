import { readFile } from 'node:fs/promises';
import test from 'ava';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { assembleReport, completeChecks, NOTHING_TO_CLEAN } from '../../../src/report/assemble-report.ts';
import type { Report } from '../../../src/report/report.ts';
import { CHECK_ID_PATTERN, reportJsonSchema, reportSchema } from '../../../src/report/report.ts';
import {
  check,
  CHECK_IDS,
  facts,
  failedCheckRun,
  failedLaunchRun,
  interruptedRun,
  launchFailure,
  passedRun,
  retriedRun,
  POD_TO_POD,
  singleStackRun,
  V6_SERVICE,
} from './recorded-run.ts';

const refusal = { class: 'usage', step: 'lint', message: 'one problem in x.yaml', hint: null } as const;

const reports: Record<string, () => Report> = {
  passed: () => assembleReport(passedRun(), facts()),
  'a failed check': () => assembleReport(failedCheckRun(), facts()),
  'failed in launch': () => assembleReport(failedLaunchRun(), facts({ nodes: [] })),
  interrupted: () => assembleReport(interruptedRun(), facts()),
  'made anew': () => assembleReport(retriedRun(), facts()),
  'single-stack': () =>
    assembleReport(singleStackRun(), facts({ families: ['ipv6'], plannedChecks: [V6_SERVICE] })),
  killed: () => assembleReport(passedRun().slice(0, 12), facts()),
  'refused by lint': () =>
    assembleReport(
      [],
      facts({
        nodes: [],
        plannedChecks: [],
        families: [],
        scenario: null,
        provider: null,
        distribution: null,
        host: null,
        image: null,
        ending: { failure: refusal, cleanup: NOTHING_TO_CLEAN, durationMs: 12.6 },
      }),
    ),
  verify: () =>
    assembleReport(
      passedRun().filter((event) => !('phase' in event) || event.phase === 'verify'),
      facts({ scenario: null, provider: null, distribution: null, host: null, image: null }),
    ),
};

// Unlike z.toJSONSchema, ajv reads the published file as an outsider would.
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });
const validate = ajv.compile(reportJsonSchema());

for (const [title, assemble] of Object.entries(reports)) {
  test(`${title}: the report keeps its schema`, (t) => {
    const document: unknown = JSON.parse(JSON.stringify(assemble()));
    t.true(validate(document), JSON.stringify(validate.errors));
    // Nothing that the schema does not know was written: a parse drops that.
    t.deepEqual(reportSchema.parse(document), document);
  });
}

test('the published schema is the one in the code', async (t) => {
  const file = new URL('../../../schemas/report.schema.json', import.meta.url);
  t.deepEqual(JSON.parse(await readFile(file, 'utf8')), reportJsonSchema());
});

test('the schema refuses what is no report', (t) => {
  const report = assembleReport(passedRun(), facts());
  t.false(validate({ ...report, exitCode: 6 }));
  t.false(validate({ ...report, schemaVersion: 2 }));
  t.false(validate({ ...report, checks: [{ ...report.checks[0], id: 'service/x' }] }));
  t.true(validate({ ...report, added: 'later' }));
});

test('a passed run', (t) => {
  const report = assembleReport(passedRun(), facts());
  t.like(report, { outcome: 'passed', exitCode: 0, failure: null, timeToDualStackMs: 13900, imageMs: 2200 });
  t.deepEqual(report.cleanup, { outcome: 'complete', leaked: [] });
  t.deepEqual(
    report.phases.map(({ name, startedAt, durationMs }) => [name, startedAt.slice(17), durationMs]),
    [
      ['image', '07.100Z', 2200],
      ['launch', '09.300Z', 1100],
      ['bootstrap', '10.400Z', 8500],
      ['join', '18.900Z', 3000],
      ['apply', '21.900Z', 600],
      ['verify', '22.500Z', 1000],
      ['cleanup', '23.500Z', 2000],
    ],
  );
  t.is(report.durationMs, 18500);
  t.deepEqual(report.notices, ['pod range 10.1.0.0/16 is inside route 10.0.0.0/8']);
  t.deepEqual(
    report.checks.map(({ id }) => id),
    CHECK_IDS,
  );
});

test('a failed check', (t) => {
  const report = assembleReport(failedCheckRun(), facts());
  t.like(report, { outcome: 'failed', exitCode: 1, failure: { class: 'check', step: 'verify' } });
});

test('an expected failure is a pass with a notice, and its check stays failed', (t) => {
  const report = assembleReport(failedCheckRun(), facts({ expect: { check: V6_SERVICE } }));
  t.like(report, { outcome: 'passed', exitCode: 0, failure: null });
  t.is(report.checks.find(({ id }) => id === V6_SERVICE)?.outcome, 'failed');
  t.true(report.notices.includes(`Check ${V6_SERVICE} failed, as the scenario expects.`));
});

test('what an interrupted run did not reach is not passed', (t) => {
  const report = assembleReport(interruptedRun(), facts());
  t.like(report, { outcome: 'aborted', exitCode: 143, timeToDualStackMs: null });
  t.deepEqual(
    report.checks.map(({ outcome, reason }) => [outcome, reason]),
    CHECK_IDS.map(() => ['not-reached', 'the run ended in kubeadm-init']),
  );
  t.deepEqual(report.cleanup, { outcome: 'incomplete', leaked: [{ kind: 'network', name: 'ts-k7f3q2' }] });
  // The phase never finished: it lasted until the run's last word.
  const bootstrap = report.phases.find(({ name }) => name === 'bootstrap');
  t.is(bootstrap?.durationMs, 4600);
});

test('a run that failed in launch', (t) => {
  const report = assembleReport(failedLaunchRun(), facts());
  t.like(report, { outcome: 'error', exitCode: 4, failure: launchFailure() });
  t.deepEqual(
    report.phases.map(({ name }) => name),
    ['image', 'launch', 'cleanup'],
  );
  t.true(report.checks.every(({ outcome }) => outcome === 'not-reached'));
});

test('a refusal has neither nodes nor checks', (t) => {
  const report = reports['refused by lint']?.();
  t.like(report, {
    outcome: 'error',
    exitCode: 2,
    nodes: [],
    checks: [],
    phases: [],
    durationMs: 13,
    failure: refusal,
  });
});

test('an expected refusal is a pass', (t) => {
  const ending = { failure: refusal, cleanup: NOTHING_TO_CLEAN, durationMs: 12 };
  const expected = { expect: { rule: 'service-cidr-size' }, brokenRules: ['service-cidr-size'] };
  const report = assembleReport([], facts({ ...expected, nodes: [], plannedChecks: [], ending }));
  t.like(report, { outcome: 'passed', exitCode: 0, failure: null, checks: [] });
  t.deepEqual(report.notices, ['Rule service-cidr-size is broken, as the scenario expects.']);
});

test('a killed run is never passed, and says how to clean up', (t) => {
  const report = assembleReport(passedRun().slice(0, -1), facts());
  t.like(report, { outcome: 'error', exitCode: 70, cleanup: { outcome: 'incomplete' } });
  t.regex(report.failure?.hint ?? '', /twinstack gc/);
});

test('a check that was planned and never ran outweighs a run that calls itself passed', (t) => {
  const events = passedRun().filter(
    (event) => event.type !== 'check-finished' || event.check.id !== POD_TO_POD,
  );
  t.like(assembleReport(events, facts()), { outcome: 'failed', exitCode: 1 });
});

test('one family is never dual-stack', (t) => {
  const events = passedRun();
  t.is(assembleReport(events, facts()).timeToDualStackMs, 13900);
  t.is(assembleReport(events, facts({ families: ['ipv4'] })).timeToDualStackMs, null);
});

test('checks: plan order, last result of each, unplanned ones at the end', (t) => {
  const results = [check('c/x/ipv4/y'), check('b/x/ipv4/y', { outcome: 'failed' }), check('b/x/ipv4/y')];
  const complete = completeChecks(results, ['a/x/ipv4/y', 'b/x/ipv4/y'], null);
  t.deepEqual(
    complete.map(({ id, outcome }) => [id, outcome]),
    [
      ['a/x/ipv4/y', 'not-reached'],
      ['b/x/ipv4/y', 'passed'],
      ['c/x/ipv4/y', 'passed'],
    ],
  );
  t.is(complete[0]?.reason, 'the run ended before it');
});

test('check ids name their family once, in the third place', (t) => {
  for (const id of [...CHECK_IDS, 'dns/cluster/ipv6/from-pod/aaaa', 'a/b/both/c/d/e'])
    t.regex(id, CHECK_ID_PATTERN);
  for (const id of [
    'a/b/ipv4',
    'a/ipv4/b/c',
    'a/b/ipv5/c',
    'a/x-ipv4/ipv4/c',
    'a/b/ipv4/c/ipv6',
    '/b/ipv4/c',
  ]) {
    t.notRegex(id, CHECK_ID_PATTERN);
  }
});

test('a cluster that was made anew: its failed attempt is in the report, and the phases are those of the last', (t) => {
  const { retries, phases, outcome, exitCode } = assembleReport(retriedRun(), facts());
  t.deepEqual({ outcome, exitCode }, { outcome: 'passed', exitCode: 0 });
  t.deepEqual(retries, [{ attempt: 1, failure: launchFailure(), durationMs: 32_700 }]);
  t.deepEqual(
    phases.map(({ name }) => name),
    ['image', 'launch', 'bootstrap', 'join', 'apply', 'verify', 'cleanup'],
  );
  const launch = phases.find(({ name }) => name === 'launch');
  t.is(launch?.durationMs, 1100);
});
