import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CONTAINER_PROGRAMS, type ContainerProgram } from './container-client.ts';

/** What kind takes from its environment to choose between engines. */
const KIND_PROVIDER = 'KIND_EXPERIMENTAL_PROVIDER';

/** Whose containers nodes are made of: what the user has told kind, else the first that is installed. */
export function chooseContainerProgram(env: Readonly<Record<string, string | undefined>>): ContainerProgram {
  const told = CONTAINER_PROGRAMS.find((program) => program === env[KIND_PROVIDER]);
  if (told !== undefined) return told;
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const isIn = (folder: string, program: string): boolean => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return statSync(join(folder, program)).isFile();
    } catch {
      return false;
    }
  };
  return CONTAINER_PROGRAMS.find((program) => folders.some((folder) => isIn(folder, program))) ?? 'docker';
}
