import test from 'ava';
import {
  check,
  CHECK_IDS,
  failedCheckRun,
  facts,
  passedChecks,
  passedRun,
  V6_SERVICE,
} from './recorded-run.ts';
import { assembleReport } from '../../../src/report/assemble-report.ts';
import { renderComparison, renderComparisonMarkdown } from '../../../src/report/render-comparison.ts';
import { indexReports, reportIndexSchema, type IndexedReport } from '../../../src/report/report-index.ts';
import type { Comparison } from '../../../src/report/compare-runs.ts';
import type { Report } from '../../../src/report/report.ts';

const CALL = { command: 'twinstack run scenarios/quickstart.yaml --provider lxd,kind', shard: null };
const PLAIN = { colour: false, unicode: false, width: null };

const passed = (change: Partial<Report> = {}): Report => ({
  ...assembleReport(passedRun(), facts()),
  ...change,
});
const failed = (): Report => assembleReport(failedCheckRun(), facts());

/** What a run has that ended before anything was made. */
function refused(exitCode: 2 | 3, message: string): Report {
  const failure = {
    class: exitCode === 2 ? ('usage' as const) : ('preflight' as const),
    step: exitCode === 2 ? 'lint' : 'preflight',
    message,
    hint: null,
  };
  return {
    ...assembleReport([], facts({ provider: null, distribution: null, host: null, nodes: [] })),
    outcome: 'error',
    exitCode,
    failure,
    checks: [],
    phases: [],
  };
}

const of = (provider: string | null, report: Report): IndexedReport => ({
  directory: `1-quickstart-${provider}`,
  provider,
  report,
});

function compared(...reports: IndexedReport[]): { comparison: Comparison; text: string; markdown: string } {
  const { comparisons } = reportIndexSchema.parse(JSON.parse(JSON.stringify(indexReports(reports, CALL))));
  const [comparison] = comparisons;
  if (comparison === undefined || comparisons.length > 1)
    throw new Error(`${comparisons.length} comparisons`);
  return {
    comparison,
    text: renderComparison(comparison, PLAIN).join('\n'),
    markdown: renderComparisonMarkdown(comparison),
  };
}

test('runs that do the same have no difference, whatever time they take', (t) => {
  const slower = passed({
    timeToDualStackMs: 99_000,
    host: { cgroupVersion: 2, storageDriver: null, engine: 'docker 20.10.24' },
  });
  const { comparison, text, markdown } = compared(of('lxd', passed()), of('kind', slower));
  t.deepEqual(comparison.differences, []);
  t.deepEqual(
    comparison.checks.map(({ id }) => id),
    CHECK_IDS,
  );
  t.deepEqual(comparison.checks[0]?.outcomes, { lxd: 'passed', kind: 'passed' });
  t.regex(text, /^quickstart with lxd and kind\n {2,}lxd +kind\n/);
  t.regex(text, /engine +lxd \S+ +docker 20\.10\.24/);
  t.regex(text, /time to dual-stack +\d+\.\ds +99\.0s/);
  t.regex(text, /phase bootstrap +\d+\.\ds +\d+\.\ds/);
  t.regex(text, /no difference; 4 of 4 checks have the same outcome with each provider/);
  t.false(text.includes('!='));
  t.false(text.includes(V6_SERVICE), 'what is alike is counted, not listed');
  t.true(markdown.includes('**no difference; 4 of 4'));
  t.true(markdown.includes(`| ${V6_SERVICE} | passed | passed |`), 'all checks are there, folded away');
});

test('a check that ends otherwise stands out, with each outcome', (t) => {
  const { comparison, text, markdown } = compared(
    of('lxd', passed()),
    of('incus', passed()),
    of('kind', failed()),
  );
  t.deepEqual(comparison.differences[0], {
    about: 'outcome',
    id: null,
    values: { lxd: 'passed', incus: 'passed', kind: 'failed' },
  });
  t.deepEqual(comparison.differences[1], {
    about: 'check',
    id: V6_SERVICE,
    values: { lxd: 'passed', incus: 'passed', kind: 'failed' },
  });
  t.regex(text, /^ +!= +outcome +passed +passed +failed \(1\)$/m);
  t.regex(text, /^ +!= +service\/nginx-dualstack\/ipv6\/from-node +passed +passed +failed$/m);
  t.regex(text, /differences; \d of 4 checks have the same outcome/);
  t.regex(text, /^ {2}kind \(exit status 1\): /m);
  t.true(
    markdown.includes('| ≠ service/nginx-dualstack/ipv6/from-node | passed | passed | failed |'),
    markdown,
  );
});

test('with colour and Unicode a difference is red and has a sign', (t) => {
  const { comparison } = compared(of('lxd', passed()), of('kind', failed()));
  const text = renderComparison(comparison, { colour: true, unicode: true, width: 100 }).join('\n');
  t.true(text.includes('\u001b[31m≠\u001b[39m'), text);
});

test('a check that only some have is a difference', (t) => {
  const more = [...passedChecks(), check('egress/internet/ipv4/blocked')];
  const { comparison, text } = compared(of('lxd', passed({ checks: more })), of('kind', passed()));
  t.deepEqual(comparison.differences, [
    { about: 'check', id: 'egress/internet/ipv4/blocked', values: { lxd: 'passed', kind: null } },
  ]);
  t.regex(text, /!= +egress\/internet\/ipv4\/blocked +passed +no such check/);
  t.regex(text, /1 difference; 4 of 5 checks/);
});

test('another release is a difference', (t) => {
  const other = passed({ distribution: { name: 'kubeadm', version: '1.35.4' } });
  const { comparison, text } = compared(of('lxd', passed()), of('kind', other));
  t.deepEqual(
    comparison.differences.map(({ about }) => about),
    ['distribution'],
  );
  t.regex(text, /!= +distribution +kubeadm 1\.36\.3 +kubeadm 1\.35\.4/);
});

for (const [exitCode, message] of [
  [2, 'scenarios/k0s.yaml:9:1 distribution.name: is k0s, but kind runs kubeadm only'],
  [3, 'Docker does not answer'],
] as const) {
  test(`a run that was refused with status ${exitCode} differs in its outcome, and in no check`, (t) => {
    const { comparison, text, markdown } = compared(
      of('lxd', passed()),
      of('kind', refused(exitCode, message)),
    );
    t.deepEqual(comparison.differences, [
      { about: 'outcome', id: null, values: { lxd: 'passed', kind: 'error' } },
    ]);
    t.is(comparison.runs[1]?.reason, message);
    t.is(comparison.runs[1]?.engine, null);
    t.true(text.includes(`kind (exit status ${exitCode}): ${message}`), text);
    t.true(text.includes('there are no checks to compare'), text);
    t.true(markdown.includes(`- kind (exit status ${exitCode}): `), markdown);
    t.is(
      indexReports([of('lxd', passed()), of('kind', refused(exitCode, message))], CALL).exitCode,
      exitCode,
    );
  });
}

test('of three, one without checks keeps the others from nothing', (t) => {
  const { comparison, text } = compared(
    of('lxd', passed()),
    of('incus', refused(3, 'Incus is not installed')),
    of('kind', failed()),
  );
  t.true(comparison.differences.some(({ about, id }) => about === 'check' && id === V6_SERVICE));
  t.regex(text, /checks have the same outcome with each provider; incus had no checks/);
});

test('all refused: nothing is claimed to be alike', (t) => {
  const { comparison, text } = compared(of('lxd', refused(2, 'no')), of('kind', refused(2, 'no')));
  t.deepEqual(comparison.differences, []);
  t.deepEqual(comparison.checks, []);
  t.regex(text, /no difference; there are no checks to compare/);
  t.regex(text, /outcome +error \(2\) +error \(2\)/);
});

test('runs with one provider are not compared, nor different files with each other', (t) => {
  const other = passed({ scenario: { name: 'quickstart', file: 'other.yaml', sha256: '' } });
  t.deepEqual(indexReports([of(null, passed()), of(null, other)], CALL).comparisons, []);
  const both = [of('lxd', passed()), of('kind', passed()), of('lxd', other), of('kind', other)];
  t.deepEqual(
    indexReports(both, CALL).comparisons.map(({ file, runs }) => [file, runs.length]),
    [
      ['scenarios/quickstart.yaml', 2],
      ['other.yaml', 2],
    ],
  );
});

test('an index of an earlier version has no comparisons', (t) => {
  const earlier: Record<string, unknown> = { ...indexReports([of(null, passed())], CALL) };
  delete earlier['comparisons'];
  t.deepEqual(reportIndexSchema.parse(earlier).comparisons, []);
});

test("text from elsewhere can't speak to the terminal or break the table", (t) => {
  const { text, markdown } = compared(
    of('lxd', passed()),
    of('kind', refused(3, 'Docker says\n\u001b[2J | no')),
  );
  t.false(text.includes('\u001b'));
  t.true(markdown.includes('Docker says \\\\x1b\\[2J \\| no'), markdown);
});
