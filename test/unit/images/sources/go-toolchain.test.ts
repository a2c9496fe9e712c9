import test, { type ExecutionContext } from 'ava';
import { createHash } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { fetchGoToolchain } from '../../../../src/images/sources/fetch-go-toolchain.ts';
import {
  ensureGo,
  findGo,
  type GoOptions,
  type GoToolchainStatus,
} from '../../../../src/images/sources/go-toolchain.ts';
import { FailureError } from '../../../../src/run/failure.ts';
import { buildContext, FakeRunner } from '../build-surroundings.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const options: GoOptions = {
  pin: { version: '1.26.8', sha256: { amd64: 'a'.repeat(64), arm64: 'b'.repeat(64) } },
  architecture: 'amd64',
  proxy: 'https://proxy.example.test',
  environment: {},
};

function withGo(version: string, toolchain = 'auto'): FakeRunner {
  return new FakeRunner({
    go: (args) => ({ stdout: args.includes('GOVERSION') ? `${version}\n` : `${toolchain}\n` }),
  });
}

const cases: readonly (readonly [what: string, runner: FakeRunner, kind: GoToolchainStatus['kind']])[] = [
  ['one that is new enough', withGo('go1.26.8', 'local'), 'installed'],
  ['one that is newer, with an experiment', withGo('go1.27.0 X:nocoverageredesign', 'local'), 'installed'],
  ['an older one that fetches what is asked for', withGo('go1.21.0'), 'installed'],
  ['an older one that was told not to', withGo('go1.24.0', 'local'), 'fetched-when-needed'],
  ['one from before toolchains', withGo('go1.19.8'), 'fetched-when-needed'],
  ['none', new FakeRunner(), 'fetched-when-needed'],
];

for (const [what, runner, kind] of cases) {
  test(`Go in PATH: ${what}`, async (t) => {
    t.is((await findGo(options, buildContext('/nowhere', { runner }))).kind, kind);
  });
}

test('the toolchain comes from the first proxy of GOPROXY, or from ours', async (t) => {
  const context = buildContext('/nowhere');
  const path = 'golang.org/toolchain/@v/v0.0.1-go1.26.8.linux-amd64.zip';
  t.like(await findGo(options, context), { url: `https://proxy.example.test/${path}` });
  const environment = { GOPROXY: 'http://goproxy.corp.test/,direct' };
  t.like(await findGo({ ...options, environment }, context), { url: `http://goproxy.corp.test/${path}` });
});

for (const setting of ['off', 'direct', 'file:///srv/modules']) {
  test(`without Go and with GOPROXY=${setting} there is nothing to build with`, async (t) => {
    const found = await findGo({ ...options, environment: { GOPROXY: setting } }, buildContext('/nowhere'));
    t.is(found.kind, 'unsupported');
  });
}

test('a Go that is new enough fetches no other', async (t) => {
  const local = await ensureGo(options, buildContext('/nowhere', { runner: withGo('go1.26.8') }));
  t.deepEqual(local, { file: 'go', env: { GOTOOLCHAIN: 'local' } });
  const switching = await ensureGo(options, buildContext('/nowhere', { runner: withGo('go1.21.0') }));
  t.deepEqual(switching, { file: 'go', env: {} });
});

/** A zip archive with uncompressed files, as small as one can be. */
function zipOf(files: Readonly<Record<string, string>>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(text), 10);
    common.writeUInt32LE(text.length, 14);
    common.writeUInt32LE(text.length, 18);
    common.writeUInt16LE(name.length, 22);
    const record = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), Buffer.from(text)]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(
      Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, tail, Buffer.from(name)]),
    );
    local.push(record);
    offset += record.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(local.length, 4);
  end.writeUInt16LE(local.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06'), end]);
}

async function served(
  t: ExecutionContext,
  files: Readonly<Record<string, string>>,
): Promise<{ runner: FakeRunner; sha256: string }> {
  const zip = zipOf(files);
  const source = join(temporaryDirectory(t), 'toolchain.zip');
  await writeFile(source, zip);
  const runner = new FakeRunner({
    wget: (args) => {
      const target = args
        .find((arg) => arg.startsWith('--output-document='))
        ?.slice('--output-document='.length);
      copyFileSync(source, target ?? '');
      return {};
    },
  });
  return { runner, sha256: createHash('sha256').update(zip).digest('hex') };
}

const PREFIX = 'golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64';

test('a fetched toolchain is unpacked with programs that can be run', async (t) => {
  const files = {
    [`${PREFIX}/bin/go`]: 'go',
    [`${PREFIX}/pkg/tool/linux_amd64/link`]: 'link',
    [`${PREFIX}/VERSION`]: '1',
  };
  const { runner, sha256 } = await served(t, files);
  const cacheDir = temporaryDirectory(t);
  const pinned = { ...options, pin: { ...options.pin, sha256: { ...options.pin.sha256, amd64: sha256 } } };
  const go = await ensureGo(pinned, buildContext(cacheDir, { runner }));
  t.is(go.file, join(cacheDir, 'go', 'toolchain', 'go1.26.8-amd64', 'bin', 'go'));
  t.is((await stat(go.file)).mode & 0o777, 0o755);
  const root = go.env['GOROOT'] ?? '';
  t.is((await stat(join(root, 'pkg/tool/linux_amd64/link'))).mode & 0o111, 0o111);
  t.is((await stat(join(root, 'VERSION'))).mode & 0o111, 0);
  t.is(await readFile(join(root, 'VERSION'), 'utf8'), '1');
});

test('a toolchain with another sum is refused', async (t) => {
  const { runner } = await served(t, { [`${PREFIX}/bin/go`]: 'something else' });
  const cacheDir = temporaryDirectory(t);
  const error = await t.throwsAsync(ensureGo(options, buildContext(cacheDir, { runner })), {
    instanceOf: FailureError,
  });
  t.regex(
    error.message,
    /Go 1\.26\.8 is not the one we know: .* has the SHA-256 [0-9a-f]{64}, expected a{64}/,
  );
});

test('an archive that leads outside of its directory is refused', async (t) => {
  for (const name of [`${PREFIX}/../../outside`, 'elsewhere/bin/go']) {
    const { runner, sha256 } = await served(t, { [name]: 'x' });
    const context = buildContext(temporaryDirectory(t), { runner });
    const directory = join(context.cacheDir, 'go', 'toolchain', 'x');
    await t.throwsAsync(
      fetchGoToolchain({ directory, url: 'https://x.test/x.zip', sha256, title: 'Go' }, context),
      {
        message: /unexpected entry|invalid relative path/,
      },
    );
  }
});
