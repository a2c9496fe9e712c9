import { readFileSync } from 'node:fs';
import test from 'ava';
import { validateXML } from 'xmllint-wasm';
import { assembleReport, NOTHING_TO_CLEAN } from '../../../src/report/assemble-report.ts';
import { renderJunit } from '../../../src/report/junit.ts';
import type { Report } from '../../../src/report/report.ts';
import {
  at,
  check,
  facts,
  failedCheckRun,
  failedLaunchRun,
  interruptedRun,
  NODE_RANGES,
  passedRun,
  V4_SERVICE,
  V6_SERVICE,
} from './recorded-run.ts';
import { xmlFault } from './well-formed.ts';

function reportWith(...checks: ReturnType<typeof check>[]): Report {
  const events = [
    ...passedRun().slice(0, -1),
    ...checks.map((result) => at(16000, { type: 'check-finished', check: result })),
    ...passedRun().slice(-1),
  ];
  return assembleReport(events, facts());
}

test('the checker of these tests knows what is not well-formed', (t) => {
  for (const xml of [
    '<a>',
    '<a></b>',
    '<a x="<"/>',
    '<a>&x</a>',
    '<a>\u0007</a>',
    '<a>]]></a>',
    '<a x=y/>',
  ]) {
    t.not(xmlFault(xml), null, xml);
  }
  t.is(xmlFault('<?xml version="1.0"?><a x="&amp;"><b/><![CDATA[<&]]></a>'), null);
});

const schema = readFileSync(new URL('../../fixtures/junit/junit.xsd', import.meta.url), 'utf8');

/** What the schema has against a document. */
async function schemaFaults(xml: string): Promise<readonly string[]> {
  const { errors } = await validateXML({ xml, schema });
  return errors.map(({ message }) => message);
}

test('the schema of these tests refuses what some reader refuses', async (t) => {
  const xml = renderJunit([assembleReport(passedRun(), facts())]);
  for (const spoilt of [
    xml.replace(/<testsuites /, '<testsuites skipped="0" '),
    xml.replace(/ time="18.500"/g, ' time="1.85e1"'),
    xml.replace('05:06:07"', '05:06:07.000Z"'),
  ]) {
    t.not(spoilt, xml);
    t.not((await schemaFaults(spoilt)).length, 0);
  }
});

for (const [title, report] of Object.entries({
  passed: () => assembleReport(passedRun(), facts()),
  failed: () => assembleReport(failedCheckRun(), facts()),
  aborted: () => assembleReport(interruptedRun(), facts()),
  launch: () => assembleReport(failedLaunchRun(), facts()),
})) {
  test(`${title}: well-formed, and of the readers' schema`, async (t) => {
    const xml = renderJunit([report()]);
    t.is(xmlFault(xml), null);
    t.deepEqual(await schemaFaults(xml), []);
  });
}

test('a passed run is a suite of passed cases', (t) => {
  const xml = renderJunit([assembleReport(passedRun(), facts())]);
  t.true(xml.includes('tests="4" failures="0" errors="0" skipped="0"'));
  t.true(xml.includes('time="18.500" timestamp="2026-03-04T05:06:07">'));
  t.true(xml.includes(`<testcase classname="quickstart" name="${V6_SERVICE}" time="0.012">`));
  t.true(xml.includes('"clientAddress": "fd01::1"'));
  t.true(xml.includes('<property name="runId" value="k7f3q2"/>'));
  t.true(xml.includes('<property name="twinstack" value="0.1.0"/>'));
  t.true(xml.includes('value="twinstack run scenarios/quickstart.yaml --no-egress"'));
});

test('a failed check has its reason and evidence', (t) => {
  const xml = renderJunit([assembleReport(failedCheckRun(), facts())]);
  t.true(xml.includes('tests="4" failures="1" errors="0" skipped="0"'));
  t.true(xml.includes('<failure message="no answer from http://[fd98::eaf0]/ in 30 s (30.0s, 14 attempts)"'));
  t.true(xml.includes('"error": "connect timed out"'));
});

test('an expected failure is a case that passed', (t) => {
  const xml = renderJunit([assembleReport(failedCheckRun(), facts({ expect: { check: V6_SERVICE } }))]);
  t.true(xml.includes('tests="4" failures="0" errors="0" skipped="0"'));
  t.true(xml.includes('failed, as the scenario expects: no answer'));
});

test('what stopped the run, what it did not reach and what it left are errors', (t) => {
  const xml = renderJunit([assembleReport(interruptedRun(), facts())]);
  t.true(xml.includes('tests="6" failures="0" errors="6" skipped="0"'));
  t.true(xml.includes('<error message="not reached: the run ended in kubeadm-init" type="not-reached"/>'));
  t.true(xml.includes('name="run/kubeadm-init"'));
  t.true(xml.includes('<error message="ended by SIGTERM" type="interrupted">'));
  t.true(xml.includes('name="run/cleanup"'));
});

test('a skipped check has its reason', (t) => {
  const xml = renderJunit([reportWith(check('dns/x/ipv4/a', { outcome: 'skipped', reason: 'no DNS here' }))]);
  t.true(xml.includes('tests="5" failures="0" errors="0" skipped="1"'));
  t.true(xml.includes('<skipped message="no DNS here"/>'));
});

test('a run that proves nothing is no green suite, though none of its checks failed', (t) => {
  const events = [at(0, { type: 'check-finished', check: check(NODE_RANGES) })];
  const ending = { failure: null, cleanup: NOTHING_TO_CLEAN, durationMs: 5 };
  const xml = renderJunit([assembleReport(events, facts({ ending, plannedChecks: [NODE_RANGES] }))]);
  t.true(xml.includes('errors="1"'));
  t.true(xml.includes('no Service check passed over ipv4 and ipv6'));
});

test('several runs are several suites, and a verification has a name', (t) => {
  const one = assembleReport(passedRun(), facts());
  const xml = renderJunit([one, { ...one, scenario: null }]);
  t.true(xml.includes('<testsuite name="quickstart"'));
  t.true(xml.includes('<testsuite name="verify"'));
  t.is(xmlFault(xml), null);
});

test('whatever a server sends is still XML', async (t) => {
  const nasty = '\u0000\u0007\u001b[31m ]]> ]]> <b>&"\' \ud800 \uffff \u2028 end';
  const xml = renderJunit([
    reportWith(
      check(V4_SERVICE, { outcome: 'failed', reason: nasty, evidence: { body: nasty, [nasty]: 1 } }),
      check('dns/x/ipv4/a', { outcome: 'skipped', reason: nasty }),
      check('dns/y/ipv4/a', { outcome: 'not-reached', reason: nasty }),
      check('dns/z/ipv4/a', { evidence: { body: nasty } }),
      check(`dns/${nasty.replaceAll('/', '')}/ipv4/a`),
    ),
  ]);
  t.is(xmlFault(xml), null);
  t.deepEqual(await schemaFaults(xml), []);
  t.true(xml.includes('\\x1b[31m'));
});
