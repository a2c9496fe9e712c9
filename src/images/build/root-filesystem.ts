import { copyFile, chmod, link, lstat, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../cache/cache-entry.ts';
import { runContained } from './run-tool.ts';
import { makeDirectories, writeTemplateFiles, type TemplateFiles } from './template-files.ts';
import { renderTemplate } from '../../plan/render-template.ts';
import type { BuildContext } from './build-context.ts';
import type { RootFilesystemDefinition } from '../cache/node-image-data.ts';

/** Where containerd's overlay snapshotter keeps unpacked layers, below containerd's root. */
export const SNAPSHOTS = 'io.containerd.snapshotter.v1.overlayfs/snapshots';

/** A program of a component, and the folder of the node that it goes to. */
export interface NodeProgram {
  readonly name: string;
  readonly source: string;
  /** Relative to the node's root. */
  readonly directory: string;
}

/** What turns a Debian tree into a node. */
export interface RootFilesystemInputs {
  readonly definition: RootFilesystemDefinition;
  readonly templates: TemplateFiles;
  /** Values of the templates' `{{names}}`. */
  readonly values: ReadonlyMap<string, string>;
  readonly programs: readonly NodeProgram[];
}

/** Makes a node's root file system of an unpacked Debian tree, but for the container images. */
export async function makeRootFilesystem(
  tree: string,
  inputs: RootFilesystemInputs,
  context: BuildContext,
): Promise<void> {
  const { definition, templates, values, programs } = inputs;
  const inTree = (purpose: string, ...command: string[]): Promise<unknown> =>
    // No one is there to ask, and systemctl shall not look for a running systemd.
    runContained(context, 'chroot', [tree, ...command], {
      purpose,
      env: { DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1', PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
  await inTree('removing packages that only a container image needs', 'dpkg', '--purge', ...definition.purge);
  for (const path of definition.remove) await removeTree(join(tree, path));
  for (const path of definition.directories) await makeDirectories(tree, path);
  await writeTemplateFiles(templates, tree, (text) => renderTemplate(text, values));
  for (const { name, source, directory } of programs) {
    const target = join(tree, directory, name);
    await makeDirectories(tree, directory);
    await copyFile(source, target);
    await chmod(target, 0o755);
  }
  // Empty: each node makes its own at its first start.
  const machineId = join(tree, 'etc', 'machine-id');
  await writeFile(machineId, '');
  await chmod(machineId, 0o444);
  await inTree('disabling units', 'systemctl', 'disable', ...definition.disable);
  await inTree('enabling units', 'systemctl', 'enable', ...definition.enable);
  await inTree('masking units', 'systemctl', 'mask', ...definition.mask);
  await inTree('setting the default target', 'systemctl', 'set-default', definition.defaultTarget);
}

/**
 * Makes programs of the node that are also in a container image the same file (a hard link): a node then needs their space once. The
 * snapshotter never writes to an unpacked layer, and nothing in a node writes to its programs.
 * @returns how many were linked.
 */
export async function linkSnapshotPrograms(
  tree: string,
  containerdRoot: string,
  programs: readonly NodeProgram[],
): Promise<number> {
  const snapshots = join(containerdRoot, SNAPSHOTS);
  let linked = 0;
  for (const snapshot of await readdir(snapshots)) {
    for (const { name, directory } of programs) {
      const inSnapshot = join(snapshots, snapshot, 'fs', directory, name);
      const inNode = join(tree, directory, name);
      const [first, second] = await Promise.all(
        [inSnapshot, inNode].map((file) => lstat(file).catch(() => null)),
      );
      if (!first?.isFile() || first.size !== second?.size || first.mode !== second.mode) continue;
      await rm(inNode);
      await link(inSnapshot, inNode);
      linked += 1;
    }
  }
  return linked;
}
