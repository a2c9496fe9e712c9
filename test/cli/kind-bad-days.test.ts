import test from 'ava';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { visit } from './command-line.ts';
import { imageDirectory } from '../../src/images/cache/read-node-image.ts';
import { DEFAULT_KUBERNETES_VERSION } from '../../src/scenario/supported-versions.ts';
import { addNodeImage } from '../support/sample-node-image.ts';
import { reportSchema } from '../../src/report/report.ts';

// None of these may ever say --yes: a run that goes on would set up this host.

const SCENARIO = 'scenarios/kind-dualstack.yaml';
const DENIED =
  'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock';
const DOWN =
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
const info = (fields: object): string =>
  JSON.stringify({ ServerVersion: '28.2.2', Driver: 'overlay2', ...fields });

/** Notes each of its calls in a file, and then does this. */
const client = (does: string, log: string): string =>
  `require('node:fs').appendFileSync(${JSON.stringify(log)}, process.argv.slice(2).join(' ') + '\\n');${does}`;
const fails = (text: string): string => `console.error(${JSON.stringify(text)}); process.exit(1);`;
const says = (text: string): string => `console.log(${JSON.stringify(text)});`;

for (const { title, does, cause, fix } of [
  {
    title: 'an engine that hangs',
    does: 'setInterval(() => undefined, 1000);',
    cause: /Docker does not answer: docker did not end within/,
    fix: /restart it \(sudo systemctl restart docker\)/,
  },
  {
    title: 'no permission on the socket',
    does: fails(DENIED),
    cause: /no permission to talk to Docker/,
    fix: /sudo usermod -aG docker/,
  },
  {
    title: 'no daemon',
    does: fails(DOWN),
    cause: /Docker does not answer: Cannot connect/,
    fix: /sudo systemctl start docker/,
  },
  {
    title: 'a rootless engine',
    does: says(info({ SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'] })),
    cause: /Docker runs rootless/,
    fix: /a Docker that runs as root/,
  },
]) {
  test.serial(`${title}: exit 3 with cause and fix within 10 s, and nothing is touched`, async (t) => {
    const visitor = await visit(t);
    const log = await visitor.write('calls', '');
    await visitor.addProgram('docker', client(does, log));
    const started = performance.now();
    const { status, stdout, stderr } = await visitor.run(['run', SCENARIO, '--no-egress', '--json']);
    const seconds = (performance.now() - started) / 1000;
    t.is(status, 3, stderr);
    t.true(seconds < 10, `${seconds} s`);
    t.regex(stderr, cause);
    t.regex(stderr, fix);
    const report = reportSchema.parse(JSON.parse(stdout));
    t.like(report, { exitCode: 3, failure: { class: 'preflight' } });
    const calls = new Set(
      (await readFile(log, 'utf8'))
        .trim()
        .split('\n')
        .map((call) => call.split(' ')[0]),
    );
    t.deepEqual([...calls], ['info'], 'the engine is asked, and nothing else');
  });
}

test.serial('doctor looks at a host for kind, and tells what its engine lacks', async (t) => {
  const visitor = await visit(t);
  await visitor.addProgram('docker', fails(DOWN));
  const { status, stdout, stderr } = await visitor.run(['doctor', '--provider', 'kind']);
  t.is(status, 3, stderr);
  t.regex(stdout, /Docker does not answer: Cannot connect/);
  t.regex(stdout, /sudo systemctl start docker/);
  t.notRegex(stdout, /LXD|lxd/);
});

test.serial('doctor looks for the image of the provider that it is asked about', async (t) => {
  const visitor = await visit(t);
  const cache = join(visitor.home, '.cache', 'twinstack');
  const { key } = await addNodeImage(cache, { kubernetesVersion: DEFAULT_KUBERNETES_VERSION });
  const imported = {
    file: 'image.tar',
    importedAt: '2026-11-21T00:00:00.000Z',
    exportedAt: '2026-11-21T00:00:00.000Z',
  };
  await writeFile(join(imageDirectory(cache, key), 'imported.json'), JSON.stringify(imported));
  const isCached = /not needed: the node image is in the cache/;
  t.regex((await visitor.run(['doctor', '--provider', 'lxd'])).stdout, isCached);
  t.notRegex((await visitor.run(['doctor', '--provider', 'kind'])).stdout, isCached, "that is LXD's");
});
