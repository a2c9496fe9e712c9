import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { installedManifest } from '../../../src/commands/installed-manifest.ts';
import { HostCommandRunner } from '../../../src/process/host-command-runner.ts';
import { FailureError } from '../../../src/run/failure.ts';
import { loadScenario } from '../../../src/scenario/load-scenario.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { InstalledManifest } from '../../../src/cni/manifest-cni.ts';
import type { Failure } from '../../../src/run/failure.ts';

const SHAPED = readFileSync(new URL('../../fixtures/cni/cilium-shaped.yaml', import.meta.url), 'utf8');

/** A stand-in for helm: keeps what it is given, and prints the file `rendered` or fails as helm does. */
const STAND_IN_HELM = `#!/bin/sh
cd "$(dirname "$0")"
printf '%s\\n' "$@" > arguments
cat > values
[ -e rendered ] && exec cat rendered
echo 'Error: execution error at (cilium/templates/validate.yaml:1:1): no such value' >&2
exit 1
`;

interface Rendering {
  readonly folder: string;
  readonly bin: string;
  readonly failure: Failure | null;
  readonly installed: InstalledManifest | null;
}

async function render(t: ExecutionContext, files: Readonly<Record<string, string>>): Promise<Rendering> {
  const folder = temporaryDirectory(t);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const all = { 'x.yaml': 'cni: { name: cilium, chart: cilium.tgz }\n', 'cilium.tgz': 'a chart', ...files };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  if (existsSync(join(bin, 'helm'))) chmodSync(join(bin, 'helm'), 0o755);
  const file = join(folder, 'x.yaml');
  const loaded = await loadScenario(file);
  if (loaded.scenario === null) throw new Error('refused');
  const source = { scenario: loaded.scenario, file, locate: loaded.locate };
  const renderer = { runner: new HostCommandRunner(), searchPath: `${bin}:/usr/bin:/bin` };
  try {
    const installed = await installedManifest(source, loaded, renderer, new AbortController().signal);
    return { folder, bin, failure: null, installed };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    const message = error.failure.message.replaceAll(`${folder}/`, '');
    return { folder, bin, failure: { ...error.failure, message }, installed: null };
  }
}

test('a chart is rendered by helm with the values of the scenario, on its standard input', async (t) => {
  const { bin, folder, installed } = await render(t, { 'bin/helm': STAND_IN_HELM, 'bin/rendered': SHAPED });
  t.deepEqual(readFileSync(join(bin, 'arguments'), 'utf8').trim().split('\n'), [
    'template',
    'cilium',
    join(folder, 'cilium.tgz'),
    '--namespace',
    'kube-system',
    '--include-crds',
    '--kube-version',
    '1.36.3',
    '--values',
    '-',
  ]);
  const values = readFileSync(join(bin, 'values'), 'utf8');
  t.like(parse(values), { ipv6: { enabled: true }, kubeProxyReplacement: false });
  t.like(installed, {
    path: 'cilium.tgz',
    sha256: createHash('sha256').update('a chart').digest('hex'),
    values,
  });
  t.deepEqual(
    installed?.objects.map(({ kind, name }) => `${kind}/${name}`),
    ['ConfigMap/cilium-config', 'DaemonSet/cilium'],
  );
});

test('without helm it is the host that lacks something, with what to do', async (t) => {
  const { failure } = await render(t, {});
  t.like(failure, {
    class: 'preflight',
    message: 'helm is not installed, and cni.chart needs it to render cilium.tgz',
  });
  t.regex(failure?.hint ?? '', /Install Helm 3, or render the chart elsewhere/);
});

const refusals: [string, Record<string, string>, string][] = [
  [
    'helm fails',
    { 'bin/helm': STAND_IN_HELM },
    'x.yaml:1:29 cni.chart: helm could not render it:\n  Error: execution error at (cilium/templates/validate.yaml:1:1): no such value (rule file)',
  ],
  [
    'what comes out is no manifest',
    { 'bin/helm': STAND_IN_HELM, 'bin/rendered': '' },
    'x.yaml:1:29 cni.chart: cilium.tgz as helm renders it: has no Kubernetes object in it (rule file)',
  ],
  [
    'the chart has not taken the values',
    { 'bin/helm': STAND_IN_HELM, 'bin/rendered': SHAPED.replace('fd01::/108', 'fd00::/104') },
    'x.yaml:1:29 cni.chart: cilium.tgz as helm renders it: cluster-pool-ipv6-cidr is "fd00::/104", and the scenario needs "fd01::/108" (network.pods) (rule file)',
  ],
  [
    'there is no chart',
    { 'x.yaml': 'cni: { name: cilium, chart: other.tgz }\n' },
    'x.yaml:1:29 cni.chart: other.tgz is not there (rule file)',
  ],
];
for (const [name, files, message] of refusals) {
  test(`a chart is refused where ${name}`, async (t) => {
    const { failure } = await render(t, files);
    t.like(failure, { class: 'usage', message });
  });
}

test('a manifest is what it was read as, and a plugin that needs none has none', async (t) => {
  const { installed } = await render(t, {
    'x.yaml': 'cni: { name: cilium, manifest: a.yaml }\n',
    'a.yaml': SHAPED,
  });
  t.like(installed, { path: 'a.yaml', values: null });
  t.is((await render(t, { 'x.yaml': 'name: x\n' })).installed, null);
});
