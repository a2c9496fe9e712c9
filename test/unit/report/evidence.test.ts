import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { reportSchema, type Report } from '../../../src/report/report.ts';
import { SUPPORTED_KUBERNETES_VERSIONS } from '../../../src/scenario/supported-versions.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const EVIDENCE = join(ROOT, 'docs', 'evidence');

/** What the evidence of every release consists of, as scripts/evidence.mjs makes it. */
const SCENARIOS: readonly {
  readonly name: string;
  readonly nodes: number;
  /** What was asked for, the primary family first. */
  readonly families: Report['families'];
}[] = [
  { name: 'quickstart', nodes: 1, families: ['ipv4', 'ipv6'] },
  { name: 'three-nodes', nodes: 3, families: ['ipv4', 'ipv6'] },
  { name: 'ipv6-primary', nodes: 1, families: ['ipv6', 'ipv4'] },
];

async function readEvidence(version: string, scenario: string): Promise<{ text: string; report: Report }> {
  const text = await readFile(join(EVIDENCE, version, scenario, 'report.json'), 'utf8');
  return { text, report: reportSchema.parse(JSON.parse(text)) };
}

for (const version of SUPPORTED_KUBERNETES_VERSIONS) {
  for (const { name, nodes, families } of SCENARIOS) {
    test(`Kubernetes ${version} was seen to be dual-stack: ${name}`, async (t) => {
      const { text, report } = await readEvidence(version, name);
      t.like(report, { outcome: 'passed', exitCode: 0, failure: null, families });
      t.like(report.scenario, { name, file: `scenarios/${name}.yaml` });
      t.deepEqual(report.distribution, { name: 'kubeadm', version });
      t.deepEqual(report.cleanup, { outcome: 'complete', leaked: [] });
      t.true((report.timeToDualStackMs ?? 0) > 0);
      for (const { id, outcome } of report.checks) t.is(outcome, 'passed', id);
      t.is(report.nodes.length, nodes);
      for (const node of report.nodes) {
        const seen = node.podCIDRs.map((range) => (range.includes(':') ? 'ipv6' : 'ipv4'));
        t.deepEqual(seen, [...families]);
      }
      for (const family of families) {
        const ids = report.checks.map(({ id }) => id).filter((id) => id.startsWith(`service/`));
        t.true(ids.some((id) => id.includes(`/${family}/from-node`)));
        const fromPods = ids.filter((id) => id.includes(`/${family}/from-pod/`));
        t.is(fromPods.length, nodes, `${family}: from a pod on each node`);
      }
      t.notRegex(
        text,
        /"[^"]*\/(?:root|home|tmp|work|Users)\//,
        'no folder of the machine that it was made on',
      );
    });
  }
}

test('there is evidence of supported releases and of nothing else', async (t) => {
  const entries = await readdir(EVIDENCE, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  t.deepEqual(folders.sort(), [...SUPPORTED_KUBERNETES_VERSIONS].sort());
  for (const version of folders) {
    const scenarios = await readdir(join(EVIDENCE, version));
    t.deepEqual(scenarios.sort(), SCENARIOS.map(({ name }) => name).sort(), version);
  }
});

test('the shipped scenarios that the evidence is about are there', async (t) => {
  const shipped = await readdir(join(ROOT, 'scenarios'));
  for (const { name } of SCENARIOS) t.true(shipped.includes(`${name}.yaml`), name);
});
