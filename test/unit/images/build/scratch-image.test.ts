import test, { type ExecutionContext } from 'ava';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import {
  writeScratchImage,
  type ContainerFile,
  type ScratchImage,
} from '../../../../src/images/build/scratch-image.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

interface Entry {
  readonly type: string | undefined;
  readonly mode: number | undefined;
  readonly linkname: string | undefined;
  readonly mtime: number | undefined;
  readonly content: Buffer;
}

async function readTar(source: Readable): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  const tar = extract();
  tar.on('entry', (header, stream, next) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk) => chunks.push(chunk as Buffer));
    stream.on('end', () => {
      const { type, mode, linkname } = header;
      const content = Buffer.concat(chunks);
      entries.set(header.name, {
        type: type ?? undefined,
        mode,
        linkname: linkname ?? undefined,
        mtime: header.mtime?.getTime(),
        content,
      });
      next();
    });
  });
  await pipeline(source, tar);
  return entries;
}

function image(files: readonly ContainerFile[]): ScratchImage {
  return {
    reference: 'twinstack.local/probe:1',
    architecture: 'amd64',
    description: 'for a test',
    entrypoint: ['/usr/bin/catatonit', '-P'],
    files,
  };
}

async function sampleFiles(t: ExecutionContext): Promise<ContainerFile[]> {
  const directory = temporaryDirectory(t);
  const source = join(directory, 'curl');
  await writeFile(source, 'a program');
  return [
    { path: '/usr/bin/curl', source, mode: 0o755 },
    { path: '/etc/passwd', data: Buffer.from('root:x:0:0\n'), mode: 0o644 },
    { path: '/bin', link: 'usr/bin' },
  ];
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

test('an archive is an OCI layout whose digests are right', async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'probe.tar');
  await writeScratchImage(image(await sampleFiles(t)), file);
  t.deepEqual(await readdir(directory), ['probe.tar']);

  const outer = await readTar(createReadStream(file));
  const blob = ({ digest, size }: Descriptor): Buffer => {
    const content = outer.get(`blobs/${digest.replace(':', '/')}`)?.content ?? Buffer.alloc(0);
    t.is(content.length, size);
    t.is(`sha256:${createHash('sha256').update(content).digest('hex')}`, digest);
    return content;
  };
  const parse = (content: Buffer | undefined): Record<string, unknown> =>
    JSON.parse((content ?? Buffer.alloc(0)).toString()) as Record<string, unknown>;

  t.deepEqual(parse(outer.get('oci-layout')?.content), { imageLayoutVersion: '1.0.0' });
  const [described] = parse(outer.get('index.json')?.content)['manifests'] as (Descriptor & {
    annotations: Record<string, string>;
  })[];
  t.is(described?.annotations['io.containerd.image.name'], 'twinstack.local/probe:1');
  const manifest = parse(blob(described ?? { digest: '', size: 0 }));
  const config = parse(blob(manifest['config'] as Descriptor));
  const [layer] = manifest['layers'] as Descriptor[];
  t.like(config, {
    architecture: 'amd64',
    os: 'linux',
    config: { Entrypoint: ['/usr/bin/catatonit', '-P'] },
  });
  t.deepEqual(config['rootfs'], { type: 'layers', diff_ids: [layer?.digest] });

  const inner = await readTar(Readable.from(blob(layer ?? { digest: '', size: 0 })));
  const names = [...inner.keys()];
  t.deepEqual(names, [...names].sort());
  t.deepEqual(new Set([...inner.values()].map(({ mtime }) => mtime)), new Set([0]));
  t.like(inner.get('usr/bin/curl'), { type: 'file', mode: 0o755, content: Buffer.from('a program') });
  t.like(inner.get('etc/passwd'), { type: 'file', mode: 0o644 });
  t.like(inner.get('bin'), { type: 'symlink', linkname: 'usr/bin' });
  t.like(inner.get('tmp'), { type: 'directory', mode: 0o1777 });
});

for (const user of [null, '65532:65532']) {
  test(`a container runs as ${user ?? 'root'}`, async (t) => {
    const file = join(temporaryDirectory(t), 'user.tar');
    await writeScratchImage({ ...image([]), user }, file);
    const blobs = [...(await readTar(createReadStream(file))).values()].map(({ content }) => String(content));
    const config = blobs.find((text) => text.includes('"Entrypoint"')) ?? '{}';
    t.is((JSON.parse(config) as { config: { User?: string } }).config.User, user ?? undefined);
  });
}

test('equal input gives equal bytes, in whatever order it comes', async (t) => {
  const directory = temporaryDirectory(t);
  const [first, second] = [join(directory, '1.tar'), join(directory, '2.tar')];
  await writeScratchImage(image(await sampleFiles(t)), first);
  await writeScratchImage(image((await sampleFiles(t)).reverse()), second);
  t.true((await readFile(first)).equals(await readFile(second)));
});

test('a file that is missing fails, and leaves no layer behind', async (t) => {
  const directory = temporaryDirectory(t);
  const files: ContainerFile[] = [{ path: '/x', source: join(directory, 'nowhere'), mode: 0o755 }];
  await t.throwsAsync(writeScratchImage(image(files), join(directory, 'x.tar')), { code: 'ENOENT' });
  t.deepEqual(
    (await readdir(directory)).filter((name) => name.endsWith('.layer')),
    [],
  );
});
