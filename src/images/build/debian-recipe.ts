import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { checkBuildHost } from './build-host.ts';
import { removeTree, unlessCacheLocked } from '../cache/cache-entry.ts';
import { containerReferences, kubeadmImages, writeContainerImages } from './container-images.ts';
import { contentKey } from './content-key.ts';
import {
  componentKey,
  componentPrograms,
  componentsOf,
  ensureComponents,
} from '../sources/ensure-components.ts';
import {
  debianBaseKey,
  ensureDebianBase,
  fetchDebianPackages,
  unpackDebianBase,
  type DebianBase,
} from './debian-base.ts';
import { goCacheDirectory } from '../sources/go-toolchain.ts';
import { goOptionsOf } from '../sources/go-options.ts';
import { GoModuleSource } from '../sources/go-module-source.ts';
import { importContainerImages } from '../archive/import-container-images.ts';
import {
  loadOwnNodeImageData,
  staticProgramsOf,
  templatesDirectory,
  type NodeImageData,
} from '../cache/node-image-data.ts';
import {
  keepOwnBinaries,
  readOwnBinaries,
  withOwnPrograms,
  withoutReplaced,
} from '../sources/own-binaries.ts';
import { imageFiles, packRootFilesystem, writeImageMetadata } from './pack-image.ts';
import { ReleaseSource } from '../sources/release-source.ts';
import { linkSnapshotPrograms, makeRootFilesystem, type NodeProgram } from './root-filesystem.ts';
import { hashTemplateFiles, readTemplateFiles, type TemplateFiles } from './template-files.ts';
import type { BuildContext } from './build-context.ts';
import type { BuildProgress } from './build-progress.ts';
import type { Component, ComponentSource } from '../sources/component-source.ts';
import type { ImageDescription } from '../cache/read-node-image.ts';
import type { NodeImageRecipe } from './node-image-recipe.ts';
import type { NodeImageSpec, SettledImageSpec } from '../node-image.ts';

/** Raised when the code of a build changes what is in an image. */
const RECIPE = 1;

/** Steps beside one for each component: packages, base, its unpacking, container images, root file system, import, packing. */
const FIXED_STEPS = 7;

const CONTAINERD_ROOT = 'var/lib/containerd';

/** What a recipe is made of; a test gives its own. */
export interface DebianRecipeParts {
  readonly data: NodeImageData;
  /** Files of the node's root, `rootfs/`. */
  readonly rootfs: TemplateFiles;
  /** Files of the container images, `containers/`. */
  readonly containers: TemplateFiles;
  /** The configuration of the containerd that imports container images. */
  readonly importConfig: string;
  readonly sources: RecipeSources;
}

/** The sources of programs, and what `auto` goes by. */
export interface RecipeSources {
  readonly go: ComponentSource;
  readonly release: ComponentSource & Pick<ReleaseSource, 'reachable'>;
}

/** The recipe of this package's templates, for this host. */
export async function createDebianRecipe(
  templates = templatesDirectory(),
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<DebianRecipe> {
  const data = await loadOwnNodeImageData(templates, environment);
  const folder = join(templates, 'node-image');
  const [rootfs, containers, importFiles] = await Promise.all([
    readTemplateFiles(join(folder, 'rootfs')),
    readTemplateFiles(join(folder, 'containers')),
    readTemplateFiles(join(folder, 'import')),
  ]);
  const importConfig = importFiles.get('containerd.toml')?.toString('utf8') ?? '';
  const staticPrograms = staticProgramsOf(data.containers);
  const sources = {
    go: new GoModuleSource(join(folder, 'go'), goOptionsOf(data, environment)),
    release: new ReleaseSource({ upstream: data.upstream, staticPrograms, environment }),
  };
  return new DebianRecipe({ data, rootfs, containers, importConfig, sources });
}

/** A node image on Debian: its base, the components' programs, our files and the container images that a cluster starts from. */
export class DebianRecipe implements NodeImageRecipe {
  readonly #parts: DebianRecipeParts;

  constructor(parts: DebianRecipeParts) {
    this.#parts = parts;
  }

  /** Whether there are components for that release. */
  knows(spec: NodeImageSpec): boolean {
    return Object.hasOwn(this.#parts.data.catalogue.releases, spec.kubernetesVersion);
  }

  candidates(spec: NodeImageSpec): SettledImageSpec[] {
    const { source = 'auto' } = spec;
    const sources = source === 'auto' ? (['release', 'go'] as const) : [source];
    return sources.map((settled) => ({ ...spec, source: settled }));
  }

  /** Official binaries where every site answers, which is much quicker, else Go. */
  async settle(spec: NodeImageSpec, context: BuildContext): Promise<SettledImageSpec> {
    const { source = 'auto' } = spec;
    if (source !== 'auto') return { ...spec, source };
    context.report('looking whether the official binaries can be reached');
    const components = componentsOf(this.#parts.data.catalogue, spec);
    const published = components.filter(({ definition }) => definition.release !== undefined);
    const found = await this.#parts.sources.release.reachable(published, context);
    if (found.available) return { ...spec, source: 'release' };
    context.report(`building from Go modules, because ${found.reason}`);
    return { ...spec, source: 'go' };
  }

  async key(spec: SettledImageSpec): Promise<string> {
    const { data, rootfs, containers, importConfig } = this.#parts;
    const components = componentsOf(data.catalogue, spec);
    const binaries = (spec.binaries ?? []).map(({ program, sha256 }) => [program, sha256] as const);
    const keys = await Promise.all(
      components.map((component) => componentKey(component, this.#sourceOf(component, spec))),
    );
    return contentKey({
      recipe: RECIPE,
      kubernetesVersion: spec.kubernetesVersion,
      architecture: spec.architecture,
      base: debianBaseKey({ definition: data.debian, architecture: spec.architecture }),
      components: Object.fromEntries(components.map(({ name }, index) => [name, keys[index] ?? ''])),
      directories: components.map(({ definition }) => definition.directory),
      rootFilesystem: data.rootFilesystem,
      containerImages: data.containers,
      rootfs: hashTemplateFiles(rootfs),
      containers: hashTemplateFiles(containers),
      importConfig,
      // Only where there are any: without them the key is the same as before there could be.
      ...(binaries.length === 0 ? {} : { binaries: Object.fromEntries(binaries) }),
    });
  }

  stepCount(spec: NodeImageSpec): number {
    return componentsOf(this.#parts.data.catalogue, spec).length + FIXED_STEPS;
  }

  async preflight(spec: SettledImageSpec, context: BuildContext): Promise<void> {
    const components = componentsOf(this.#parts.data.catalogue, spec);
    const wanted = withoutReplaced(components, spec.binaries ?? []);
    const sources = new Set(wanted.map((component) => this.#sourceOf(component, spec)));
    await checkBuildHost(spec, [...sources], context);
  }

  async prepare(spec: SettledImageSpec, context: BuildContext, progress: BuildProgress): Promise<void> {
    const { data } = this.#parts;
    const { binaries = [], architecture } = spec;
    const wanted = { architecture, staticPrograms: staticProgramsOf(data.containers) };
    await keepOwnBinaries(binaries, wanted, context);
    const components = withoutReplaced(componentsOf(data.catalogue, spec), binaries);
    const sourceOf = (component: Component): ComponentSource => this.#sourceOf(component, spec);
    const base = this.#base(spec);
    // debootstrap mostly waits for a mirror and Go for the processors.
    await inParallel(
      context,
      (context) =>
        progress.step(`Fetching Debian ${base.definition.suite}`, context, (context) =>
          fetchDebianPackages(base, context),
        ),
      (context) => ensureComponents(components, sourceOf, context, progress),
    );
    // Several GB that only another version of a component could use. Another build that does will remove them.
    const goCache = goCacheDirectory(context);
    await unlessCacheLocked(goCache, context, () => removeTree(goCache));
  }

  async build(
    spec: SettledImageSpec,
    key: string,
    outDirectory: string,
    context: BuildContext,
    progress: BuildProgress,
  ): Promise<Omit<ImageDescription, 'timingsMs'>> {
    const { data } = this.#parts;
    const components = componentsOf(data.catalogue, spec);
    const sourceOf = (component: Component): ComponentSource => this.#sourceOf(component, spec);
    const base = this.#base(spec);
    const own = await readOwnBinaries(spec.binaries ?? [], context);
    const work = await mkdtemp(join(context.treeDirectory ?? outDirectory, 'work-'));
    const tree = join(work, 'rootfs');
    const programs = withOwnPrograms(await componentPrograms(components, sourceOf, context), own);
    const archive = await progress.step(
      `Installing Debian ${base.definition.suite}`,
      context,
      async (context) => await ensureDebianBase(base, context),
    );
    await progress.step('Unpacking Debian', context, (context) => unpackDebianBase(archive, tree, context));
    const images = await this.#fillTree(spec, { programs, tree, work }, context, progress);
    const files = imageFiles(outDirectory);
    await progress.step('Packing the root file system', context, async (context) => {
      await packRootFilesystem(tree, files.rootfs, context);
      await writeImageMetadata({ spec, suite: data.debian.suite, key }, files.metadata);
    });
    await removeTree(work);
    return {
      schemaVersion: 1,
      key,
      format: 'system-container',
      kubernetesVersion: spec.kubernetesVersion,
      architecture: spec.architecture,
      source: spec.source,
      binaries: own.map(({ program, sha256, version }) => ({ program, sha256, version })),
      components: Object.fromEntries(components.map(({ name, version }) => [name, version])),
      images,
      imageRepository: data.containers.repository,
    };
  }

  /** A project that publishes no checksums has no official binaries that we would take. */
  #sourceOf({ definition }: Component, { source }: SettledImageSpec): ComponentSource {
    return this.#parts.sources[definition.release === undefined ? 'go' : source];
  }

  #base({ architecture }: NodeImageSpec): DebianBase {
    const { debian, upstream } = this.#parts.data;
    return { definition: debian, architecture, mirror: upstream.debianMirror };
  }

  /** Makes a node of an unpacked Debian. @returns the references of its container images that others need to know. */
  async #fillTree(
    spec: NodeImageSpec,
    { programs, tree, work }: { programs: readonly NodeProgram[]; tree: string; work: string },
    context: BuildContext,
    progress: BuildProgress,
  ): Promise<ImageDescription['images']> {
    const { data, rootfs, containers, importConfig } = this.#parts;
    const sources = new Map(programs.map(({ name, source }) => [name, source]));
    const inputs = { spec, catalogue: data.containers, programs: sources, tree, templates: containers };
    const versions = new Map(
      componentsOf(data.catalogue, spec).map(({ name, version }) => [name, version] as const),
    );
    const references = containerReferences(data.containers, await kubeadmImages(inputs, context), versions);
    const reference = (role: string): string =>
      references.get(role) ?? fail(`no container image is the ${role}`);

    // Before the root file system: a package that only a container image needs is still in the tree.
    const archives = await progress.step('Writing container images', context, (context) =>
      writeContainerImages(inputs, references, work, context),
    );
    await progress.step('Making the root file system', context, async (context) => {
      const values = new Map([['pauseImage', reference('pause')]]);
      await makeRootFilesystem(
        tree,
        { definition: data.rootFilesystem, templates: rootfs, values, programs },
        context,
      );
    });
    await progress.step('Importing container images', context, async (context) => {
      const root = join(tree, CONTAINERD_ROOT);
      const containerd = sources.get('containerd') ?? fail('no component has containerd');
      const ctr = sources.get('ctr') ?? fail('no component has ctr');
      const expected = [...references.values()];
      await importContainerImages(
        { containerd, ctr, configTemplate: importConfig, root, archives, references: expected },
        context,
      );
      await linkSnapshotPrograms(tree, root, programs);
    });
    return {
      nginxdualstack: reference('nginxdualstack'),
      probe: reference('probe'),
      pause: reference('pause'),
      coredns: reference('coredns'),
      etcd: reference('etcd'),
      kubeProxy: reference('kubeProxy'),
      flannel: reference('flannel'),
    };
  }
}

function fail(message: string): never {
  throw new Error(message);
}

/** Does two things at once; when one fails the other is aborted, and it has ended when this rejects. */
async function inParallel(
  context: BuildContext,
  first: (context: BuildContext) => Promise<void>,
  second: (context: BuildContext) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const both = { ...context, signal: AbortSignal.any([context.signal, failed.signal]) };
  const abortOther = (error: unknown): never => {
    failed.abort(error);
    throw error;
  };
  await Promise.allSettled([first(both).catch(abortOther), second(both).catch(abortOther)]);
  context.signal.throwIfAborted();
  failed.signal.throwIfAborted();
}
