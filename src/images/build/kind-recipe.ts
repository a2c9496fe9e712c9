import { chmod, mkdtemp, readdir, rename, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkBuildHost } from './build-host.ts';
import { buildPreparedImage } from './build-prepared-image.ts';
import { kubeadmImages, writeContainerImages } from './container-images.ts';
import { contentKey } from './content-key.ts';
import { createDebianRecipe } from './debian-recipe.ts';
import { imageFiles } from './pack-image.ts';
import { packKindImage } from './pack-kind-image.ts';
import { runContained, runTool } from './run-tool.ts';
import { SNAPSHOTS } from './root-filesystem.ts';
import {
  hashTemplateFiles,
  makeDirectories,
  readTemplateFiles,
  writeTemplateFiles,
} from './template-files.ts';
import { importContainerImages } from '../archive/import-container-images.ts';
import { removeTree, unlessCacheLocked } from '../cache/cache-entry.ts';
import { kindComponent, loadKindImageData, type KindImageData } from '../cache/kind-image-data.ts';
import { loadOwnNodeImageData, templatesDirectory } from '../cache/node-image-data.ts';
import { readNodeImage, type ImageDescription } from '../cache/read-node-image.ts';
import { componentKey, componentPrograms, ensureComponents } from '../sources/ensure-components.ts';
import { GoModuleSource } from '../sources/go-module-source.ts';
import { goOptionsOf } from '../sources/go-options.ts';
import { goCacheDirectory } from '../sources/go-toolchain.ts';
import { renderTemplate } from '../../plan/render-template.ts';
import {
  OWN_REGISTRY,
  type NodeImageSpec,
  type SettledImageSpec,
  type SystemContainerImage,
} from '../node-image.ts';
import type { ContainerInputs } from './container-images.ts';
import type { BuildContext } from './build-context.ts';
import type { BuildProgress } from './build-progress.ts';
import type { NodeImageRecipe } from './node-image-recipe.ts';
import type { TemplateFiles } from './template-files.ts';
import type { Component, ComponentSource } from '../sources/component-source.ts';

/** Raised when the code of a build changes what is in an image. */
const RECIPE = 1;

/** Steps beside the base's: the agent, unpacking, filling, container images, packing. */
const FIXED_STEPS = 5;

const CONTAINERD_ROOT = 'var/lib/containerd';
const LOCAL_PROGRAMS = 'usr/local/bin';
/** Where a node for kind has its layers; its entrypoint knows it too. */
const LAYERS = 'kind/layers';

/** What a recipe for kind is made of; a test gives its own. */
export interface KindRecipeParts {
  /** Of the system container that everything else comes from. */
  readonly base: NodeImageRecipe;
  readonly data: KindImageData;
  /** Files of the node's root that kind wants, `kind/rootfs/`. */
  readonly rootfs: TemplateFiles;
  /** The configuration of the containerd that imports container images. */
  readonly importConfig: string;
  /** Builds the agent. */
  readonly source: ComponentSource;
}

/** The recipe of this package's templates, for this host. */
export async function createKindRecipe(
  templates = templatesDirectory(),
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<KindRecipe> {
  const [base, data, shared, rootfs, importFiles] = await Promise.all([
    createDebianRecipe(templates, environment),
    loadKindImageData(templates),
    loadOwnNodeImageData(templates, environment),
    readTemplateFiles(join(templates, 'kind', 'rootfs')),
    readTemplateFiles(join(templates, 'node-image', 'import')),
  ]);
  const importConfig = importFiles.get('containerd.toml')?.toString('utf8') ?? '';
  const source = new GoModuleSource(join(templates, 'kind', 'go'), goOptionsOf(shared, environment));
  return new KindRecipe({ base, data, rootfs, importConfig, source });
}

/** An image for kind: the system container of the same release, with what kind's contract wants beside it. */
export class KindRecipe implements NodeImageRecipe {
  readonly #parts: KindRecipeParts;

  constructor(parts: KindRecipeParts) {
    this.#parts = parts;
  }

  /** Whether there are components for that release. */
  knows(spec: NodeImageSpec): boolean {
    return this.#parts.base.knows(spec);
  }

  candidates(spec: NodeImageSpec): readonly SettledImageSpec[] {
    return this.#parts.base.candidates(spec);
  }

  /** The source of a system container that the cache has: nothing is built twice. */
  async settle(spec: NodeImageSpec, context: BuildContext): Promise<SettledImageSpec> {
    for (const candidate of this.candidates(spec))
      if ((await this.#cachedBase(candidate, context)) !== null) return candidate;
    return await this.#parts.base.settle(spec, context);
  }

  async key(spec: SettledImageSpec): Promise<string> {
    const { base, data, rootfs, importConfig, source } = this.#parts;
    // Of kind itself an image has nothing, and the agent has a key of its own.
    const content = { ...data, components: null };
    return contentKey({
      recipe: RECIPE,
      base: await base.key(spec),
      agent: await componentKey(this.#agent(spec), source),
      content,
      rootfs: hashTemplateFiles(rootfs),
      importConfig,
    });
  }

  stepCount(spec: NodeImageSpec): number {
    return this.#parts.base.stepCount(spec) + FIXED_STEPS;
  }

  async preflight(spec: SettledImageSpec, context: BuildContext): Promise<void> {
    if ((await this.#cachedBase(spec, context)) === null) await this.#parts.base.preflight(spec, context);
    else await checkBuildHost(spec, [this.#parts.source], context);
  }

  async prepare(spec: SettledImageSpec, context: BuildContext, progress: BuildProgress): Promise<void> {
    if ((await this.#cachedBase(spec, context)) === null)
      await this.#parts.base.prepare(spec, context, progress);
    await ensureComponents([this.#agent(spec)], () => this.#parts.source, context, progress);
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
    const base = await this.#ensureBase(spec, context, progress);
    const work = await mkdtemp(join(context.treeDirectory ?? outDirectory, 'work-'));
    const tree = join(work, 'rootfs');
    await progress.step('Unpacking the system container', context, (context) =>
      unpackSquashfs(base.rootfsFile, tree, context),
    );
    await this.#addContainerImages(spec, { tree, work }, context, progress);
    const reference = `${OWN_REGISTRY}/kind-node:v${spec.kubernetesVersion}-${key.slice(0, 12)}`;
    await progress.step('Packing the node for kind', context, (context) =>
      packKindImage(
        {
          tree,
          file: imageFiles(outDirectory).archive,
          reference,
          key,
          architecture: spec.architecture,
          description: `twinstack node for kind, Kubernetes ${spec.kubernetesVersion}`,
        },
        this.#parts.data,
        context,
      ),
    );
    await removeTree(work);
    const { kubernetesVersion, architecture, source, binaries, images, imageRepository } = base;
    const agent = this.#agent(spec);
    const components = { ...base.components, [agent.name]: agent.version };
    const content = { kubernetesVersion, architecture, source, components, images, imageRepository };
    return { schemaVersion: 1, key, format: 'kind', reference, ...content, binaries: [...binaries] };
  }

  #agent({ architecture }: NodeImageSpec): Component {
    return kindComponent(this.#parts.data, 'cni-agent', architecture);
  }

  async #cachedBase(
    spec: SettledImageSpec,
    { cacheDir }: Pick<BuildContext, 'cacheDir'>,
  ): Promise<SystemContainerImage | null> {
    const image = await readNodeImage(cacheDir, await this.#parts.base.key(spec));
    return image?.format === 'system-container' ? image : null;
  }

  async #ensureBase(
    spec: SettledImageSpec,
    context: BuildContext,
    progress: BuildProgress,
  ): Promise<SystemContainerImage> {
    const { base } = this.#parts;
    const settled: SettledImageSpec = { ...spec, format: 'system-container' };
    if ((await this.#cachedBase(spec, context)) === null)
      await buildPreparedImage(base, settled, await base.key(settled), context, progress);
    const image = await this.#cachedBase(spec, context);
    if (image === null) throw new Error('the cache gave no system container');
    return image;
  }

  /** Adds kind's files, the agent's image, and the names by which kubeadm knows the others. */
  async #addContainerImages(
    spec: SettledImageSpec,
    { tree, work }: { tree: string; work: string },
    context: BuildContext,
    progress: BuildProgress,
  ): Promise<void> {
    const { data, rootfs, importConfig, source } = this.#parts;
    const agent = this.#agent(spec);
    const built = await componentPrograms([agent], () => source, context);
    const program = (name: string): string => join(tree, LOCAL_PROGRAMS, name);
    const programs = new Map([
      ...built.map(({ name, source }) => [name, source] as const),
      ['kubeadm', program('kubeadm')] as const,
    ]);
    const catalogue = { repository: OWN_REGISTRY, containers: [data.agent] };
    const inputs = { spec, catalogue, programs, tree, templates: new Map<string, Buffer>() };
    const tag = renderTemplate(data.agent.tag, new Map([[agent.name, agent.version]]));
    const agentImage = `${OWN_REGISTRY}/${data.agent.name}:${tag}`;

    await progress.step('Adding what kind wants of a node', context, async () => {
      const values = new Map([
        ['agentImage', agentImage],
        ['kubernetesVersion', spec.kubernetesVersion],
      ]);
      await writeTemplateFiles(rootfs, tree, (text) => renderTemplate(text, values));
      for (const path of data.executables) await chmod(join(tree, path), 0o755);
      for (const [path, target] of Object.entries(data.links)) {
        await makeDirectories(tree, dirname(path));
        await symlink(target, join(tree, path));
      }
    });
    await progress.step('Importing container images for kind', context, async (context) => {
      const references = new Map([[data.agent.role, agentImage]]);
      const archives = await writeContainerImages(inputs, references, work, context);
      const names = await registryNames(inputs, context);
      await importContainerImages(
        {
          containerd: program('containerd'),
          ctr: program('ctr'),
          configTemplate: importConfig,
          root: join(tree, CONTAINERD_ROOT),
          archives,
          references: [agentImage, ...names.keys()],
          names,
        },
        context,
      );
      await moveLayers(tree);
    });
  }
}

/** The name that each of kubeadm's images has unless kubeadm is told otherwise, with the one that the system container has it by. */
async function registryNames(
  inputs: ContainerInputs,
  context: BuildContext,
): Promise<ReadonlyMap<string, string>> {
  const ours = [...(await kubeadmImages(inputs, context)).values()];
  const args = ['config', 'images', 'list', '--kubernetes-version', `v${inputs.spec.kubernetesVersion}`];
  const kubeadm = inputs.programs.get('kubeadm') ?? '';
  const { stdout } = await runTool(context, kubeadm, args, { purpose: 'asking kubeadm for its images' });
  const theirs = stdout.split('\n').filter((line) => line !== '');
  // kubeadm lists them in the same order; one has another path there (coredns/coredns).
  return new Map(theirs.map((name, index) => [name, ours[index] ?? ''] as const));
}

/**
 * Puts the unpacked layers of container images out of /var: kind gives each node a volume there, into which the engine copies what the
 * image has, 640 MB and 2 s a node. As lower layers they may lie in the image itself.
 */
export async function moveLayers(tree: string): Promise<void> {
  const snapshots = join(tree, CONTAINERD_ROOT, SNAPSHOTS);
  await makeDirectories(tree, LAYERS);
  for (const name of await readdir(snapshots)) {
    await rename(join(snapshots, name, 'fs'), join(tree, LAYERS, name));
    await symlink(`/${LAYERS}/${name}`, join(snapshots, name, 'fs'));
  }
}

async function unpackSquashfs(file: string, tree: string, context: BuildContext): Promise<void> {
  const args = ['-quiet', '-no-progress', '-processors', '2', '-dest', tree, file];
  await runContained(context, 'unsquashfs', args, { purpose: 'unpacking the system container' });
}
