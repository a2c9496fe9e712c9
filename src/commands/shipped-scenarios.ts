import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { findScenarioFiles, loadScenario, type LoadedScenario } from '../scenario/load-scenario.ts';
import type { Manifests } from '../plan/workload.ts';

/** A scenario that comes with the program. */
export interface ShippedScenario {
  /** Absolute path. */
  readonly file: string;
  readonly name: string;
  readonly description: string;
  readonly loaded: LoadedScenario;
}

/** The scenarios that come with the program, by file name. */
export async function listShippedScenarios(): Promise<ShippedScenario[]> {
  const { files } = await findScenarioFiles([join(packageRoot(), 'scenarios')]);
  return Promise.all(
    files.map(async (file) => {
      const loaded = await loadScenario(file);
      const { scenario } = loaded;
      const description = scenario?.description ?? 'must be refused: a rule is expected to fire';
      return { file, name: scenario?.name ?? file.replace(/^.*\/|\.ya?ml$/g, ''), description, loaded };
    }),
  );
}

/** The manifests that every run applies, from `templates/manifests`. */
export async function readManifests(): Promise<Manifests> {
  const read = (name: string): Promise<string> =>
    readFile(join(packageRoot(), 'templates', 'manifests', `${name}.yaml`), 'utf8');
  return { nginxdualstack: await read('nginxdualstack'), probe: await read('probe') };
}
