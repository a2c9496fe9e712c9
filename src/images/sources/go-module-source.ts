import { chmod, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree, withCacheLock } from '../cache/cache-entry.ts';
import { ensureGo, findGo, goCacheDirectory, type GoCommand, type GoOptions } from './go-toolchain.ts';
import { runTethered, runTool } from '../build/run-tool.ts';
import { hashTemplateFiles, readTemplateFiles, sha256, writeTemplateFiles } from '../build/template-files.ts';
import { renderTemplate } from '../../plan/render-template.ts';
import type { BuildContext } from '../build/build-context.ts';
import type { Availability, Component, ComponentSource } from './component-source.ts';
import type { KeyInput } from '../build/content-key.ts';

/** Raised when the way that Go builds a component changes what comes out. */
const GO_RECIPE = 1;

/**
 * Paths of the build stay out of the programs, so equal inputs give equal bytes. Nobody debugs them, and a compiler that writes no
 * DWARF needs an eighth less time and a fifth less disk (measured with containerd).
 */
const COMPILER_FLAGS = ['-trimpath', '-buildvcs=false', '-gcflags=all=-dwarf=false'];

/** How often the modules are fetched before we give up: a module proxy may be busy, and what was fetched is kept. */
const FETCH_ATTEMPTS = 3;

/** What a build of one component works with. */
interface GoBuild {
  readonly component: Component;
  readonly title: string;
  readonly go: GoCommand;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Builds components from Go modules: each has a `go.mod` and `go.sum` of ours that pin every module under it, so nothing is built
 * whose checksum is not committed. What else is in the same folder is a part of the module.
 */
export class GoModuleSource implements ComponentSource {
  readonly name = 'go-modules';
  readonly activity = 'Building';
  readonly #modules: string;
  readonly #options: GoOptions;

  /** @param modules the folder with one module per component, named `<component>-<version>`. */
  constructor(modules: string, options: GoOptions) {
    this.#modules = modules;
    this.#options = options;
  }

  async available(context: BuildContext): Promise<Availability> {
    const found = await findGo(this.#options, context);
    if (found.kind !== 'unsupported') return { available: true };
    return { available: false, reason: found.reason, hint: found.hint };
  }

  async inputs(component: Component): Promise<KeyInput> {
    const files = new Map(await readTemplateFiles(this.#folder(component)));
    const sumOf = (file: 'go.mod' | 'go.sum'): string => {
      const content = files.get(file);
      if (content === undefined) throw new Error(`${this.#folder(component)} has no ${file}`);
      files.delete(file);
      return sha256(content);
    };
    const [goMod, goSum] = [sumOf('go.mod'), sumOf('go.sum')];
    const flags = [...COMPILER_FLAGS, linkerFlags(component)];
    const { programs } = component.definition;
    // Only where there are any: a component that has none keeps its key.
    const sources = files.size === 0 ? {} : { sources: hashTemplateFiles(files) };
    return { recipe: GO_RECIPE, goMod, goSum, programs, flags, ...sources };
  }

  async build(component: Component, outDirectory: string, context: BuildContext): Promise<void> {
    const cache = goCacheDirectory(context);
    // One at a time: Go's caches are shared, removed after a whole build, and one build keeps all processors busy.
    await withCacheLock(cache, 'a build with Go', context, async () => {
      const go = await ensureGo(this.#options, context);
      const cwd = join(outDirectory, '.build');
      const temporary = join(cwd, 'tmp');
      await mkdir(temporary, { recursive: true });
      const files = await readTemplateFiles(this.#folder(component));
      await writeTemplateFiles(files, cwd, (text) => text);
      const env = {
        ...go.env,
        CGO_ENABLED: '0',
        GOOS: 'linux',
        GOARCH: component.architecture,
        GOCACHE: join(cache, 'build'),
        GOMODCACHE: join(cache, 'modules'),
        GOTMPDIR: temporary,
        GOWORK: 'off',
      };
      const build = { component, title: `${component.name} ${component.version}`, go, cwd, env };
      const packageCount = await fetchModules(build, context);
      await compile(build, packageCount, outDirectory, context);
      await removeTree(cwd);
    });
  }

  #folder({ name, version }: Component): string {
    return join(this.#modules, `${name}-${version}`);
  }
}

/** Fetches every module that the component needs. @returns the number of packages to compile, for the progress. */
async function fetchModules(build: GoBuild, context: BuildContext): Promise<number> {
  const { component, title, go, cwd, env } = build;
  const packages = Object.values(component.definition.programs);
  const onLine = (line: string): void => {
    const module = /^go: downloading (.+)$/.exec(line)?.[1];
    if (module !== undefined) context.report(`fetching ${module}`);
  };
  const purpose = `fetching the Go modules of ${title}`;
  const hint =
    'Look whether this host reaches the Go module proxy; GOPROXY names another one, HTTPS_PROXY a way to it.';
  // -modcacherw: the module cache is read-only by default, and nobody could remove it without root.
  const args = ['list', '-mod=readonly', '-modcacherw', '-deps', ...packages];
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { stdout } = await runTool(context, go.file, args, { purpose, hint, cwd, env, onLine });
      return stdout.trim().split('\n').length;
    } catch (error) {
      context.signal.throwIfAborted();
      if (attempt === FETCH_ATTEMPTS) throw error;
      context.report(`fetching modules, attempt ${attempt + 1}`);
    }
  }
}

async function compile(
  build: GoBuild,
  packageCount: number,
  outDirectory: string,
  context: BuildContext,
): Promise<void> {
  const { component, title, go, cwd, env } = build;
  const programs = Object.entries(component.definition.programs);
  const names = new Map(programs.map(([name, path]) => [path, name]));
  let compiled = 0;
  let program = '';
  // With -v, Go names each package on standard error as it begins with it; the package of a program comes when all else is done.
  const onLine = (line: string, stream: 'stdout' | 'stderr'): void => {
    if (stream !== 'stderr') return;
    compiled += 1;
    const name = names.get(line);
    if (name !== undefined) program = `, ${name}`;
    context.report(`${Math.min(compiled, packageCount)} of ${packageCount} packages${program}`);
  };
  const flags = [
    '-mod=readonly',
    '-modcacherw',
    ...COMPILER_FLAGS,
    '-v',
    `-ldflags=${linkerFlags(component)}`,
  ];
  const binaries = join(cwd, 'bin');
  await mkdir(binaries);
  // All programs in one build: while one is linked, which keeps a single processor busy, others are compiled.
  const args = ['build', ...flags, `-o=${binaries}/`, ...programs.map(([, path]) => path)];
  await runTethered(context, go.file, args, { purpose: `building ${title}`, cwd, env, onLine });
  for (const [name, path] of programs) {
    await rename(join(binaries, defaultProgramName(path)), join(outDirectory, name));
    await chmod(join(outDirectory, name), 0o755);
  }
}

/** The name that `go build` gives a program: the last part of its package's path that is not a major version. */
function defaultProgramName(path: string): string {
  const parts = path.split('/').filter((part) => !/^v\d+$/.test(part));
  return parts.at(-1) ?? path;
}

function linkerFlags({ definition, version }: Component): string {
  const [major = '', minor = ''] = version.split('.');
  const values = new Map(Object.entries({ version, major, minor }));
  const variables = Object.entries(definition.variables);
  return [
    '-s',
    '-w',
    ...variables.map(([name, value]) => `-X=${name}=${renderTemplate(value, values)}`),
  ].join(' ');
}
