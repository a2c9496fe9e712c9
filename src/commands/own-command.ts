/** Arguments of our own, and the command after the first `--`; null where there is none. */
export interface SplitArguments {
  readonly args: readonly string[];
  readonly command: readonly string[] | null;
}

/**
 * Takes the user's own command off the arguments of `run`, which is also the verb where none is named, and of `plan`. What follows `--` for another
 * verb stays where it is.
 *
 * @param otherVerbs every verb but these
 */
export function splitOwnCommand(argv: readonly string[], otherVerbs: readonly string[]): SplitArguments {
  const at = argv.indexOf('--');
  const verb = argv.find((argument) => !argument.startsWith('-'));
  if (at < 0 || (verb !== undefined && argv.indexOf(verb) < at && otherVerbs.includes(verb))) {
    return { args: argv, command: null };
  }
  return { args: argv.slice(0, at), command: argv.slice(at + 1) };
}
