import { join } from 'node:path';
import { ensureCacheEntry } from '../cache/cache-entry.ts';
import { contentKey } from '../build/content-key.ts';
import { FailureError } from '../../run/failure.ts';
import type { BuildContext } from '../build/build-context.ts';
import type { BuildProgress } from '../build/build-progress.ts';
import type { Component, ComponentSource } from './component-source.ts';
import type { ComponentCatalogue } from '../cache/node-image-data.ts';
import type { NodeImageSpec } from '../node-image.ts';
import type { NodeProgram } from '../build/root-filesystem.ts';

/**
 * The components of a release, with their versions, in the catalogue's order.
 * @throws {FailureError} of class `usage` for a release that the catalogue does not have.
 */
export function componentsOf(catalogue: ComponentCatalogue, spec: NodeImageSpec): Component[] {
  const release = catalogue.releases[spec.kubernetesVersion];
  if (release === undefined) {
    const known = Object.keys(catalogue.releases).join(', ');
    const message = `there is no node image for Kubernetes ${spec.kubernetesVersion}`;
    throw new FailureError({
      class: 'usage',
      step: 'image',
      message,
      hint: `Take one of these releases: ${known}.`,
    });
  }
  const { architecture } = spec;
  return Object.entries(catalogue.components).map(([name, definition]) => {
    return { name, version: release.versions[name] ?? '', architecture, definition };
  });
}

/** The key of a component's programs: another one for another version, source, flag or pinned module. */
export async function componentKey(component: Component, source: ComponentSource): Promise<string> {
  const { name, version, architecture } = component;
  const inputs = await source.inputs(component);
  return contentKey({ name, version, architecture, source: source.name, inputs });
}

/** Puts the programs of every component into the cache, one component after the other. */
export async function ensureComponents(
  components: readonly Component[],
  sourceOf: (component: Component) => ComponentSource,
  context: BuildContext,
  progress: BuildProgress,
): Promise<void> {
  for (const [index, component] of components.entries()) {
    const title = `${component.name} ${component.version}`;
    const source = sourceOf(component);
    const step = `${source.activity} ${title}, ${index + 1} of ${components.length}`;
    const directory = await componentDirectory(component, source, context);
    await progress.step(step, context, (context) =>
      ensureCacheEntry({ directory, title }, context, (temporary) =>
        source.build(component, temporary, context),
      ),
    );
  }
}

/** The programs of every component, where {@link ensureComponents} put them. */
export async function componentPrograms(
  components: readonly Component[],
  sourceOf: (component: Component) => ComponentSource,
  context: Pick<BuildContext, 'cacheDir'>,
): Promise<NodeProgram[]> {
  const programs: NodeProgram[] = [];
  for (const component of components) {
    const directory = await componentDirectory(component, sourceOf(component), context);
    for (const name of Object.keys(component.definition.programs)) {
      programs.push({ name, source: join(directory, name), directory: component.definition.directory });
    }
  }
  return programs;
}

async function componentDirectory(
  component: Component,
  source: ComponentSource,
  { cacheDir }: Pick<BuildContext, 'cacheDir'>,
): Promise<string> {
  return join(cacheDir, 'components', `${component.name}-${await componentKey(component, source)}`);
}
