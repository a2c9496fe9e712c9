import { NAME_MAX_LENGTH } from './schema.ts';

/** How much of a command becomes a name. */
const DERIVED_LENGTH = 32;

/** The words that say a family in a check's id, where they may stand only once, and what is written for them elsewhere. */
const FAMILY_WORDS: Readonly<Record<string, string>> = { ipv4: 'v4', ipv6: 'v6', both: 'dual' };

/** A text as a part of a check's id: without a family's word, which has a place of its own there. `web-ipv6` becomes `web-v6`. */
export function withoutFamilyWords(text: string): string {
  return text.replace(/\b(ipv4|ipv6|both)\b/gi, (word) => FAMILY_WORDS[word.toLowerCase()] ?? word);
}

/** Names with a number behind those that came before, or that others have: `smoke`, `smoke-2`. */
export function uniqueNames(names: readonly string[], reserved: readonly string[] = []): string[] {
  const taken = new Set<string>(reserved);
  return names.map((name) => {
    let unique = name;
    for (let number = 2; taken.has(unique); number += 1) unique = `${name}-${number}`;
    taken.add(unique);
    return unique;
  });
}

/** `npm test` is `npm-test`, `/usr/bin/node ./dual.mjs` is `node-dual-mjs`; options and whole scripts are left out. */
function nameOfCommand(command: readonly string[]): string {
  const [program = '', ...args] = command;
  const end = args.findIndex((argument) => argument.startsWith('-') || /\s/.test(argument));
  const telling = end < 0 ? args : args.slice(0, end);
  const words = [program.replace(/^.*\//, ''), ...telling].join(' ').toLowerCase();
  const label = words.replace(/[^a-z0-9]+/g, '-').replace(/^-/, '');
  return label.slice(0, DERIVED_LENGTH).replace(/-$/, '') || 'test';
}

/** A label for each test: the written one, or what the command makes. None twice, and none with a family's word in it. */
export function ownTestNames(
  tests: readonly { readonly name: string | null; readonly command: readonly string[] }[],
): string[] {
  const asPart = (name: string): string => withoutFamilyWords(name).slice(0, NAME_MAX_LENGTH);
  const written = uniqueNames(tests.flatMap(({ name }) => (name === null ? [] : [asPart(name)])));
  const derived = uniqueNames(
    tests.flatMap(({ name, command }) => (name === null ? [asPart(nameOfCommand(command))] : [])),
    written,
  );
  return tests.map(({ name }) => (name === null ? derived : written).shift() ?? '');
}
