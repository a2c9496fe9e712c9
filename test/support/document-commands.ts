import { chmod, mkdir, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A command line in a block of a document, as a reader copies it. */
export interface DocumentCommand {
  readonly document: string;
  readonly line: number;
  readonly text: string;
}

/** How a command of the documents is tested. */
export type Treatment =
  /** Run by the command line tests: it needs no engine and changes nothing. */
  | { readonly how: 'alone' }
  /** Run by the integration tests, on the real engine. */
  | { readonly how: 'engine' }
  /** Not run, for a reason; only its verb, options and files are looked at. */
  | { readonly how: 'not-run'; readonly why: string };

/**
 * Commands that no test runs as they stand, and why. One that is gone from the documents must go from here too.
 */
const NOT_RUN: Readonly<Record<string, string>> = {
  'npm run scenario -- --yes': 'may set the host up; CI runs it, and what it runs is in clusters.test.ts',
  'npm test': 'runs this test',
  'npm run check': 'runs this test',
  'npm run bench': 'takes minutes of a machine that does nothing else',
  'npm run scenario -- run scenarios/kind-dualstack.yaml':
    "needs Docker, which a host may not have; kind's tests run it on a daemon of their own",
  'npm run scenario -- run scenarios/quickstart.yaml --provider auto':
    'provider-auto.test.ts chooses, and clusters.test.ts runs this scenario',
  'npm run scenario -- run scenarios/quickstart.yaml --provider lxd,incus':
    'needs Incus beside LXD; run-providers.test.ts compares, and incus.test.ts runs scenarios',
  'npm run scenario -- doctor --provider kind': 'ends with status 3 on a host without Docker',
  'npm run scenario -- down --all': 'removes runs that are not of this test; see bad-days.test.ts',
  'npm run scenario -- gc --caches': 'costs this host its image',
  'npm run scenario -- doctor --undo': 'takes the engine away',
  'rm -r ~/.local/state/twinstack': "removes the user's reports",
  'sudo usermod -aG lxd "$USER"': "changes the host's users; not-root.test.ts makes such a user",
  'sha256sum node-image.tar': 'no command of ours',
  'npm run scenario -- run scenarios --yes --parallel auto --report-dir report':
    'takes minutes; clusters.test.ts runs these scenarios, and bad-days.test.ts several at once',
  'npm run scenario -- run scenarios --parallel auto --shard 1/2': 'takes minutes; the shard of ci.md is run',
  'npm run scenario -- run scenarios/quickstart.yaml -- npm test': 'own-tests.test.ts runs tests of its own',
  'npm run scenario -- run mine.yaml -- npm test': 'own-tests.test.ts runs tests of its own',
  'npm run scenario -- run scenarios/k0s-custom-cni.yaml --set binary=./k0s':
    "needs the reader's own k0s; k0s.test.ts runs it with the stand-in",
  'npm run scenario -- image build --source release':
    'fetches from the official sites; release-image.test.ts builds from a server of ours',
  'npm run scenario -- run mine.yaml --set distribution.version=1.35.4': 'builds an image; see docs/evidence',
  'npm run scenario -- image build --kubernetes 1.35.4': 'takes minutes; see docs/evidence',
  'npm run scenario -- image build --for kind': 'kind-image.test.ts builds it',
  'docker load --input ~/.cache/twinstack/images/<key>/node-image.tar': 'kind-image.test.ts loads it',
  'kind create cluster --image twinstack.local/kind-node:v1.36.3-<first 12 letters of the key>':
    'kind-image.test.ts makes clusters of it',
  "asciinema rec -c 'npm run scenario -- --yes' quickstart.cast": 'needs a person at a terminal',
  'npx tsx scripts/draw-recording.ts quickstart.cast': 'needs a recording; draw-recording.test.ts draws one',
};

/** Verbs that look at files alone. */
const ALONE = ['plan', 'lint', 'list', 'matrix', '--help', '--version'];
/** Verbs that need an engine, or tell about one. */
const ENGINE = ['run', 'ps', 'down', 'gc', 'kubeconfig', 'logs', 'shell', 'report', 'doctor', 'verify'];

const CALL = /^(?:npm run (?:-s )?scenario(?: --)?|twinstack)(?: |$)(.*)$/;

/** How a command is tested; null for one that nobody has thought about, which must not be. */
export function treatmentOf({ text }: Pick<DocumentCommand, 'text'>): Treatment | null {
  const why = NOT_RUN[text];
  if (why !== undefined) return { how: 'not-run', why };
  const [, words = ''] = CALL.exec(text) ?? [];
  const [verb = '', second = ''] = words.split(' ');
  if (verb === 'image') return second === 'list' ? { how: 'alone' } : { how: 'engine' };
  if (ALONE.includes(verb)) return { how: 'alone' };
  return ENGINE.includes(verb) ? { how: 'engine' } : null;
}

/** What is in the list of exceptions and in no document. */
export function staleExceptions(commands: readonly DocumentCommand[]): string[] {
  const texts = new Set(commands.map(({ text }) => text));
  return Object.keys(NOT_RUN).filter((text) => !texts.has(text));
}

/** Every document, relative to the checkout. */
export async function documentNames(root: string): Promise<string[]> {
  const inDocs = await readdir(join(root, 'docs'));
  const pages = inDocs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pages.sort()];
}

/**
 * The commands in a document's blocks: each line of a `sh` block but for comments, and what follows `$ ` in a `console` block, where
 * the rest is output.
 */
export function commandsIn(document: string, text: string): DocumentCommand[] {
  const commands: DocumentCommand[] = [];
  let language: string | null = null;
  let begun: { line: number; text: string } | null = null;
  for (const [index, raw] of text.split('\n').entries()) {
    const fence = /^\s*(```+|~~~+)(\w*)/.exec(raw);
    if (fence !== null) {
      language = language === null ? (fence[2] ?? '') : null;
      continue;
    }
    if (language !== 'sh' && language !== 'console') continue;
    const typed = language === 'sh' || begun !== null ? raw.trim() : /^\s*\$ (.*)$/.exec(raw)?.[1];
    if (typed === undefined || typed === '' || typed.startsWith('#')) continue;
    const whole: string = begun === null ? typed : `${begun.text} ${typed}`;
    const line: number = begun?.line ?? index + 1;
    if (whole.endsWith('\\')) {
      begun = { line, text: whole.slice(0, -1).trim() };
    } else {
      begun = null;
      commands.push({ document, line, text: whole.replace(/ +# .*$/, '') });
    }
  }
  return commands;
}

/** The commands of all documents, in the order in which a reader meets them. */
export async function allCommands(root: string): Promise<DocumentCommand[]> {
  const names = await documentNames(root);
  const found = await Promise.all(
    names.map(async (name) => commandsIn(name, await readFile(join(root, name), 'utf8'))),
  );
  return found.flat();
}

/** The scenario files that a page tells its reader to write: each YAML block with a `name`, as `NAME.yaml`. */
export function scenarioFilesIn(text: string): { readonly name: string; readonly yaml: string }[] {
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml = '']) => yaml);
  return blocks.flatMap((yaml) => {
    const [, name] = /^name: (\S+)$/m.exec(yaml) ?? [];
    return name === undefined ? [] : [{ name: `${name}.yaml`, yaml }];
  });
}

/**
 * Makes a folder as a reader of the documents has it: the shipped scenarios, and in `programs/` an `npm` and a `twinstack` that start the
 * compiled entry, so that lines run as they stand.
 */
export async function makeReadersFolder(root: string): Promise<{ folder: string; programs: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'twinstack-reader-'));
  const programs = join(folder, 'programs');
  await mkdir(programs);
  await symlink(join(root, 'scenarios'), join(folder, 'scenarios'));
  const entry = JSON.stringify(join(root, 'dist', 'cli.js'));
  const script = `#!${process.execPath}
    const words = process.argv.slice(2);
    const start = words.indexOf('scenario') + 1;
    const args = words[0] === 'run' && start > 0 ? words.slice(words[start] === '--' ? start + 1 : start) : words;
    const { status } = require('node:child_process').spawnSync(process.execPath, [${entry}, ...args], { stdio: 'inherit' });
    process.exit(status ?? 1);
  `;
  for (const name of ['npm', 'twinstack']) {
    await writeFile(join(programs, name), script);
    await chmod(join(programs, name), 0o755);
  }
  return { folder, programs };
}
