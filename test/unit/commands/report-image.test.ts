import test from 'ava';
import { reportImage } from '../../../src/commands/report-image.ts';
import { foreignImageOf } from '../../../src/images/foreign-image.ts';
import { samplePlan } from '../../support/sample-plan.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';
import { addNodeImage } from '../../support/sample-node-image.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const FINGERPRINT = 'ab'.repeat(32);
const scenario = sampleScenario({
  distribution: { name: 'k8s-snap', version: '1.36.3' },
  cni: { name: 'distribution', mode: null, manifest: null },
  install: { from: 'snap-store', channel: '1.36-classic/stable' },
});

test('a report says what a foreign image was, and calls nothing of it ours', async (t) => {
  const foreign = await foreignImageOf(scenario, {});
  const server = 'https://images.example.test';
  const foreignImage = { remote: 'ubuntu', alias: '24.04', fingerprint: FINGERPRINT, server };
  const plan = samplePlan(scenario, { foreign });
  const files = { archives: [], image: foreign };
  t.deepEqual(reportImage({ image: null, foreignImage, plan }, files, true), {
    key: FINGERPRINT,
    source: `ubuntu:24.04 from ${server}, an image that is not of twinstack`,
    foreign: foreignImage,
    archives: [],
    workload: { image: 'ghcr.io/canonical/cdk/diverdane/nginxdualstack:1.0.0', standIn: false },
  });
  t.is(reportImage({ image: null, foreignImage, plan }, files, false)?.workload, null);
});

test('a node image has its stand-in named as one, and no foreign part', async (t) => {
  const image = await addNodeImage(temporaryDirectory(t));
  const files = { archives: [], image: null };
  const said = reportImage({ image, foreignImage: null, plan: null }, files, true);
  t.like(said, { key: image.key, workload: { image: 'r/nginxdualstack:1', standIn: true } });
  t.false('foreign' in (said ?? {}));
});

test('a run that came to no image says nothing of one', (t) => {
  t.is(
    reportImage({ image: null, foreignImage: null, plan: null }, { archives: [], image: null }, true),
    null,
  );
});
