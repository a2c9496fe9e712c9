import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { execa } from 'execa';
import { reportSchema, type Report } from '../../src/report/report.ts';

/** Whether a client reaches a daemon here. */
export async function answers(client: 'lxc' | 'incus'): Promise<boolean> {
  return execa(client, ['query', 'local:/1.0'], { stdin: 'ignore', reject: false }).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  );
}

// In CI a missing engine is a failure: a test that did not run proves nothing.
const reachable = await answers('lxc');
const required = process.env['CI'] !== undefined && process.env['CI'] !== 'false';
if (!reachable && !required) {
  process.stderr.write(
    '\nNO LXD HERE: the integration tests are SKIPPED. `npm run scenario -- --yes` sets LXD up.\n\n',
  );
}

/** Registers a test that needs the real engine. */
export const realTest: TestFn = (reachable || required ? anyTest.serial : anyTest.serial.skip) as TestFn;

/** The engine's answer to a GET. */
export async function lxdGet(path: string): Promise<unknown> {
  const { stdout } = await execa('lxc', ['query', `local:${path}`], { stdin: 'ignore' });
  return JSON.parse(stdout) as unknown;
}

/** Every name of an object in LXD or Incus that looks like one of ours, with or without a label. */
export async function namesLikeOurs(): Promise<string[]> {
  const inIncus = (await answers('incus')) ? await namesIn('incus') : [];
  return [...(await namesIn('lxc')), ...inIncus];
}

async function namesIn(client: 'lxc' | 'incus'): Promise<string[]> {
  const collections = ['instances', 'networks', 'profiles', 'network-acls'];
  const lists = await Promise.all(
    collections.map(async (collection) => {
      const path = `local:/1.0/${collection}?recursion=1&project=default`;
      const { stdout } = await execa(client, ['query', path], { stdin: 'ignore' });
      return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => `${collection}/${name}`);
    }),
  );
  return lists.flat().filter((name) => name.includes('/ts-'));
}

/** A folder for one run's report. */
export function reportFolder(): string {
  return mkdtempSync(join(tmpdir(), 'twinstack-report-'));
}

/** Reads and validates what a run wrote. */
export function readWrittenReport(folder: string): Report {
  return reportSchema.parse(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')));
}

/** The outcome of the one check with this id. */
export function outcomeOf(report: Report, id: string): string | undefined {
  return report.checks.find((check) => check.id === id)?.outcome;
}

/** A passed run: exit 0, every check passed, nothing left, nothing of it in the engine. */
export async function assertPassed(t: ExecutionContext, report: Report): Promise<void> {
  const wrong = report.checks.filter(({ outcome }) => outcome !== 'passed');
  t.deepEqual(wrong, []);
  t.is(report.failure, null);
  t.is(report.outcome, 'passed');
  t.deepEqual(report.cleanup, { outcome: 'complete', leaked: [] });
  await assertNothingLeft(t, report.runId);
}

/** Nothing of a run is in the engine. */
export async function assertNothingLeft(t: ExecutionContext, runId: string): Promise<void> {
  t.deepEqual(
    (await namesLikeOurs()).filter((name) => name.includes(runId)),
    [],
  );
}
