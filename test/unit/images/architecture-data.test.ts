import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import test from 'ava';
import { extract } from 'tar-stream';
import { parse } from 'yaml';
import { ensureDebianBase } from '../../../src/images/build/debian-base.ts';
import { findGo } from '../../../src/images/sources/go-toolchain.ts';
import { loadNodeImageData, templatesDirectory } from '../../../src/images/cache/node-image-data.ts';
import { writeImageMetadata } from '../../../src/images/build/pack-image.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { buildContext, FakeRunner } from './build-surroundings.ts';

const NAMES = [
  { architecture: 'amd64', engine: 'x86_64' },
  { architecture: 'arm64', engine: 'aarch64' },
] as const;

for (const { architecture, engine } of NAMES) {
  test(`an image for ${architecture} says ${engine} to LXD`, async (t) => {
    const file = join(temporaryDirectory(t), 'metadata.tar.gz');
    const spec = { kubernetesVersion: '1.2.3', architecture };
    await writeImageMetadata({ spec, suite: 'trixie', key: 'key' }, file);
    const entries = createReadStream(file).pipe(createGunzip()).pipe(extract());
    for await (const entry of entries) {
      t.like(parse(await text(entry)), { architecture: engine, properties: { architecture } });
    }
  });

  test(`debootstrap is asked for ${architecture}`, async (t) => {
    const runner = new FakeRunner({ setpriv: () => ({}) });
    const base = { definition: { suite: 'trixie', packages: [] }, architecture, mirror: 'http://x.test' };
    await ensureDebianBase(base, buildContext(temporaryDirectory(t), { runner }));
    const call = runner.calls.find((words) => words.includes('debootstrap'));
    t.true(call?.includes(`--arch=${architecture}`), call?.join(' '));
  });

  test(`Go is fetched for ${architecture}, and its sum is known`, async (t) => {
    const { toolchain: pin } = await loadNodeImageData(templatesDirectory());
    const options = { pin, architecture, proxy: 'https://x.test', environment: {} };
    const found = await findGo(options, buildContext(temporaryDirectory(t), { runner: new FakeRunner() }));
    t.is(found.kind, 'fetched-when-needed');
    t.regex('url' in found ? found.url : '', new RegExp(`\\.linux-${architecture}\\.zip$`));
    t.regex(pin.sha256[architecture], /^[0-9a-f]{64}$/);
  });
}
