import { shellWords } from '../report/shell-words.ts';
import type { ImageSource } from '../images/node-image.ts';
import type { Keep } from '../run/scenario-run.ts';

/** The options of `run` that concern one scenario. */
export interface RunOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly reportDir?: string | null;
  readonly keep?: Keep;
  readonly set?: readonly string[];
  readonly timeout?: string;
  readonly provider?: string;
  /** Where the programs of the node image come from. */
  readonly imageSource?: ImageSource | 'auto';
  /** False for `--no-egress`. */
  readonly egress?: boolean;
  /** The command after `--`; null for none. */
  readonly command?: readonly string[] | null;
}

/** The options of `run` that concern all of its scenarios. */
export interface RunManyOptions extends RunOptions {
  /** A number, or `auto`: one for each processor. */
  readonly parallel?: string;
  /** `I/N`. */
  readonly shard?: string;
  readonly annotations?: AnnotationChoice;
}

/** Where to tell of problems beside the screen; unset, the environment decides. */
export type AnnotationChoice = 'github' | 'none';

/** Options are another way to write a scenario's fields, checked as these are. */
export function overridesOf(options: RunOptions): string[] {
  return [
    ...(options.set ?? []),
    ...(options.timeout === undefined ? [] : [`timeout=${options.timeout}`]),
    ...(options.provider === undefined ? [] : [`provider=${options.provider}`]),
    ...(options.egress === false ? ['egress=blocked'] : []),
  ];
}

/** The command that runs the same again, for a shell. What only says where results go is left out. */
export function commandOf(program: string, paths: readonly string[], options: RunManyOptions): string {
  const words = [
    ...repeatArguments(paths, options),
    ...(options.keep === undefined || options.keep === 'never' ? [] : ['--keep', options.keep]),
    ...(options.parallel === undefined || options.parallel === '1' ? [] : ['--parallel', options.parallel]),
    ...(options.shard === undefined ? [] : ['--shard', options.shard]),
    ...(options.command === undefined || options.command === null ? [] : ['--', ...options.command]),
  ];
  return `${program} ${shellWords(words)}`;
}

/** The arguments that do the same again, on any host: the scenarios and what changes them. */
export function repeatArguments(paths: readonly string[], options: RunOptions): string[] {
  return [
    'run',
    ...paths,
    ...(options.set ?? []).flatMap((assignment) => ['--set', assignment]),
    ...(options.timeout === undefined ? [] : ['--timeout', options.timeout]),
    ...(options.provider === undefined ? [] : ['--provider', options.provider]),
    ...(options.imageSource === undefined || options.imageSource === 'auto'
      ? []
      : ['--image-source', options.imageSource]),
    ...(options.egress === false ? ['--no-egress'] : []),
  ];
}
