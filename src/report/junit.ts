import junitReportBuilder from 'junit-report-builder';
import type { Builder, TestCase } from 'junit-report-builder';
import { describeCheck } from './describe-check.ts';
import { askedFor, describeCleanup } from './describe-run.ts';
import { lastLinesOf } from './last-lines.ts';
import { printable } from './printable.ts';
import type { Report, ReportCheck } from './report.ts';

/**
 * `junit.xml` of these runs: a suite a scenario and a test case a check. A check that was not reached is an error, as is what
 * stopped the run and what could not be removed. An expected failure is a test case that passed.
 */
export function renderJunit(reports: readonly Report[]): string {
  // The package's types promise a `default` inside of what it exports; at run time the export is the builder itself.
  const builder = (junitReportBuilder as unknown as Builder).newBuilder();
  for (const report of reports) {
    const name = suiteName(report);
    const suite = builder.testSuite().name(name).timestamp(report.startedAt).time(seconds(report.durationMs));
    for (const [key, value] of properties(report)) suite.property(key, xmlText(value));
    const testCase = (caseName: string) => suite.testCase().className(name).name(xmlText(caseName));
    for (const check of report.checks) {
      addResult(testCase(check.id).time(seconds(check.durationMs)), check, report.outcome === 'passed');
    }
    const { failure, cleanup } = report;
    if (failure !== null && !(failure.class === 'check' && report.checks.some(isFailed))) {
      const content = [failure.message, failure.hint].filter((text) => text !== null).join('\n\n');
      testCase(`run/${failure.step}`).error(xmlText(failure.message), failure.class, xmlText(content));
    }
    if (cleanup.outcome === 'incomplete') {
      testCase('run/cleanup').error(xmlText(describeCleanup(cleanup, report.runId)), 'cleanup');
    }
  }
  return builder.build();
}

function addResult(testCase: TestCase, check: ReportCheck, runPassed: boolean): void {
  const reason = xmlText(check.reason ?? '');
  const evidence = check.evidence === null ? '' : xmlText(JSON.stringify(check.evidence, null, 2));
  const output = xmlText(lastLinesOf(check).join('\n'));
  switch (check.outcome) {
    case 'passed':
      if (evidence !== '') testCase.standardOutput(output === '' ? evidence : output);
      break;
    case 'failed':
      // In a run that passed only the failure that its scenario expects can be.
      if (runPassed) testCase.standardOutput(`failed, as the scenario expects: ${reason}\n${evidence}`);
      else {
        testCase.failure(xmlText(describeCheck(check)), 'check').stacktrace(`${reason}\n${evidence}`);
        if (output !== '') testCase.standardOutput(output);
      }
      break;
    case 'skipped':
      // The builder's `skipped` takes no message.
      testCase.skipped().standardOutput(`skipped: ${reason}`);
      break;
    case 'not-reached':
      testCase.error(`not reached: ${reason}`, 'not-reached');
      break;
  }
}

function isFailed(check: ReportCheck): boolean {
  return check.outcome === 'failed';
}

function suiteName(report: Report): string {
  return xmlText(report.scenario?.name ?? 'verify');
}

function properties(report: Report): [name: string, value: string][] {
  const { runId, outcome, exitCode, families, provider, distribution, timeToDualStackMs } = report;
  const found: [name: string, value: string][] = [
    ['runId', runId],
    ['outcome', outcome],
    ['exitCode', String(exitCode)],
    ['families', askedFor(families)],
  ];
  if (provider !== null) found.push(['provider', `${provider.name} ${provider.version}`]);
  if (distribution !== null) found.push(['distribution', `${distribution.name} ${distribution.version}`]);
  if (timeToDualStackMs !== null) found.push(['timeToDualStackMs', String(timeToDualStackMs)]);
  return found;
}

/** Text that XML 1.0 can carry: control characters written out, and no end of a CDATA section inside of one. */
function xmlText(text: string): string {
  return printable(text)
    .replace(/[\ud800-\udfff\ufffe\uffff]/gu, '\ufffd')
    .replaceAll(']]>', ']] >');
}

function seconds(ms: number): number {
  return ms / 1000;
}
