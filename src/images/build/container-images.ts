import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ARCHITECTURES } from '../architecture.ts';
import { collectProgramFiles } from '../sources/program-files.ts';
import { runTool } from './run-tool.ts';
import { writeScratchImage, type ContainerFile } from './scratch-image.ts';
import { renderTemplate } from '../../plan/render-template.ts';
import type { BuildContext } from './build-context.ts';
import type { ContainerCatalogue, ContainerDefinition } from '../cache/node-image-data.ts';
import type { NodeImageSpec } from '../node-image.ts';
import type { TemplateFiles } from './template-files.ts';

/** What the container images of a node are made from. */
export interface ContainerInputs {
  readonly spec: NodeImageSpec;
  readonly catalogue: ContainerCatalogue;
  /** Absolute path of each program of the components, by its name. */
  readonly programs: ReadonlyMap<string, string>;
  /** The Debian tree. */
  readonly tree: string;
  /** The files of `containers/`, by `<folder>/<path>`. */
  readonly templates: TemplateFiles;
}

/**
 * Asks the built kubeadm for the images that it wants, so that its configuration needs no exceptions.
 * @returns reference by image name.
 */
export async function kubeadmImages(
  inputs: ContainerInputs,
  context: BuildContext,
): Promise<ReadonlyMap<string, string>> {
  const { catalogue, spec, programs } = inputs;
  const kubeadm = programs.get('kubeadm');
  if (kubeadm === undefined) throw new Error('the components hold no kubeadm');
  const version = ['--kubernetes-version', `v${spec.kubernetesVersion}`];
  const args = ['config', 'images', 'list', ...version, '--image-repository', catalogue.repository];
  const { stdout } = await runTool(context, kubeadm, args, { purpose: 'asking kubeadm for its images' });
  const references = stdout.split('\n').filter((line) => line !== '');
  return new Map(
    references.map((line) => [line.slice(catalogue.repository.length + 1).split(':')[0] ?? '', line]),
  );
}

/** The reference of each container image, by its role. */
export function containerReferences(
  catalogue: ContainerCatalogue,
  kubeadm: ReadonlyMap<string, string>,
  versions: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const wanted = new Set(kubeadm.keys());
  const references = catalogue.containers.map(({ name, tag, role }) => {
    wanted.delete(name);
    const own = (): string => `${catalogue.repository}/${name}:${renderTemplate(tag, versions)}`;
    const reference = tag === 'kubeadm' ? kubeadm.get(name) : own();
    if (reference === undefined) throw new Error(`kubeadm does not ask for an image ${name}`);
    return [role, reference] as const;
  });
  if (wanted.size > 0)
    throw new Error(`kubeadm asks for images that we do not make: ${[...wanted].join(', ')}`);
  return new Map(references);
}

/** Writes every container image of a node as an archive. @returns the archives' paths, in the catalogue's order. */
export async function writeContainerImages(
  inputs: ContainerInputs,
  references: ReadonlyMap<string, string>,
  directory: string,
  context: BuildContext,
): Promise<string[]> {
  const archives: string[] = [];
  for (const container of inputs.catalogue.containers) {
    context.signal.throwIfAborted();
    context.report(container.name);
    const archive = join(directory, `${container.name}.tar`);
    const { entrypoint, description, user } = container;
    const files = await containerFiles(container, inputs, context);
    const reference = references.get(container.role) ?? '';
    const { architecture } = inputs.spec;
    await writeScratchImage({ reference, architecture, description, entrypoint, user, files }, archive);
    archives.push(archive);
  }
  return archives;
}

async function containerFiles(
  container: ContainerDefinition,
  inputs: ContainerInputs,
  context: BuildContext,
): Promise<ContainerFile[]> {
  const values = new Map([['multiarch', ARCHITECTURES[inputs.spec.architecture].multiarch]]);
  const plugins = container.plugins.map((folder) => renderTemplate(folder, values));
  const files = await collectProgramFiles(inputs.tree, container.programs, plugins, context);
  for (const name of container.components) {
    const source = inputs.programs.get(name);
    if (source === undefined) throw new Error(`no component has the program ${name}`);
    files.push({ path: `/usr/local/bin/${name}`, source, mode: (await stat(source)).mode & 0o777 });
  }
  for (const folder of container.templates) {
    const own = [...inputs.templates].filter(([path]) => path.startsWith(`${folder}/`));
    if (own.length === 0) throw new Error(`there are no templates for containers in ${folder}`);
    for (const [path, data] of own) files.push({ path: path.slice(folder.length), data, mode: 0o644 });
  }
  return files;
}
