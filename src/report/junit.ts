import { describeCheck } from './describe-check.ts';
import { askedFor, describeCleanup } from './describe-run.ts';
import { lastLinesOf } from './last-lines.ts';
import type { Report, ReportCheck } from './report.ts';
import { shellWords } from './shell-words.ts';
import { renderXml, xmlElement, type XmlElement } from './xml.ts';

/**
 * `junit.xml` of these runs, in the words that Jenkins, GitLab and the readers on GitHub have in common: a suite a scenario and a test
 * case a check. A check that was not reached is an error, as is what stopped the run and what could not be removed. An expected
 * failure is a test case that passed.
 */
export function renderJunit(reports: readonly Report[]): string {
  const suites = reports.map(suiteOf);
  const sum = (key: string): number =>
    suites.reduce((total, { attributes }) => total + Number(attributes[key]), 0);
  return renderXml(
    xmlElement(
      'testsuites',
      {
        tests: sum('tests'),
        failures: sum('failures'),
        errors: sum('errors'),
        time: seconds(sum('time') * 1000),
      },
      suites,
    ),
  );
}

function suiteOf(report: Report): XmlElement {
  const name = report.scenario?.name ?? 'verify';
  const cases = [
    ...report.checks.map((check) =>
      testCase(name, check.id, check.durationMs, resultOf(check, report.outcome === 'passed')),
    ),
    ...runCases(report).map(({ what, error }) => testCase(name, `run/${what}`, 0, [error])),
  ];
  const count = (result: string): number =>
    cases.filter(({ children }) =>
      children.some((child) => typeof child !== 'string' && child.name === result),
    ).length;
  const properties = propertiesOf(report).map(([key, value]) => xmlElement('property', { name: key, value }));
  return xmlElement(
    'testsuite',
    {
      name,
      tests: cases.length,
      failures: count('failure'),
      errors: count('error'),
      skipped: count('skipped'),
      time: seconds(report.durationMs),
      // Some readers take no fraction and no zone.
      timestamp: report.startedAt.replace(/(\.\d+)?Z$/, ''),
    },
    [xmlElement('properties', {}, properties), ...cases],
  );
}

function testCase(
  suite: string,
  name: string,
  durationMs: number,
  children: readonly XmlElement[],
): XmlElement {
  return xmlElement('testcase', { classname: suite, name, time: seconds(durationMs) }, children);
}

function resultOf(check: ReportCheck, runPassed: boolean): XmlElement[] {
  const reason = check.reason ?? '';
  const evidence = check.evidence === null ? '' : JSON.stringify(check.evidence, null, 2);
  const output = lastLinesOf(check).join('\n');
  switch (check.outcome) {
    case 'passed':
      return evidence === '' ? [] : [xmlElement('system-out', {}, [output === '' ? evidence : output])];
    case 'failed':
      // In a run that passed only the failure that its scenario expects can be.
      return runPassed
        ? [xmlElement('system-out', {}, [`failed, as the scenario expects: ${reason}\n${evidence}`])]
        : [
            xmlElement('failure', { message: describeCheck(check), type: 'check' }, [
              `${reason}\n${evidence}`,
            ]),
            ...(output === '' ? [] : [xmlElement('system-out', {}, [output])]),
          ];
    case 'skipped':
      return [xmlElement('skipped', { message: reason })];
    case 'not-reached':
      return [xmlElement('error', { message: `not reached: ${reason}`, type: 'not-reached' })];
  }
}

/** What went wrong beside the checks. */
function runCases({ failure, cleanup, checks, runId }: Report): { what: string; error: XmlElement }[] {
  const cases: { what: string; error: XmlElement }[] = [];
  if (
    failure !== null &&
    !(failure.class === 'check' && checks.some(({ outcome }) => outcome === 'failed'))
  ) {
    const content = [failure.message, failure.hint].filter((text) => text !== null).join('\n\n');
    const attributes = { message: failure.message, type: failure.class };
    cases.push({ what: failure.step, error: xmlElement('error', attributes, [content]) });
  }
  if (cleanup.outcome === 'incomplete') {
    const attributes = { message: describeCleanup(cleanup, runId), type: 'cleanup' };
    cases.push({ what: 'cleanup', error: xmlElement('error', attributes) });
  }
  return cases;
}

function propertiesOf(report: Report): [name: string, value: string][] {
  const { runId, outcome, exitCode, families, provider, distribution, timeToDualStackMs, repeat } = report;
  const found: [name: string, value: string][] = [
    ['runId', runId],
    ['outcome', outcome],
    ['exitCode', String(exitCode)],
    ['families', askedFor(families)],
    ['twinstack', report.twinstack.version],
  ];
  if (provider !== null) found.push(['provider', `${provider.name} ${provider.version}`]);
  if (distribution !== null) found.push(['distribution', `${distribution.name} ${distribution.version}`]);
  if (timeToDualStackMs !== null) found.push(['timeToDualStackMs', String(timeToDualStackMs)]);
  if (repeat !== null) found.push(['command', `twinstack ${shellWords(repeat)}`]);
  return found;
}

/** With three digits and no exponent, as the readers' schemas want it. */
function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
