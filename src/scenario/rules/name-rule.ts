import { NAME_MAX_LENGTH, NAME_PATTERN } from '../schema.ts';
import { printable } from '../problem.ts';
import type { Rule } from './rule.ts';

/** What a text is as a name; the fallback where nothing of it is left. */
function asName(text: string): string {
  const words = text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const label = words.slice(0, NAME_MAX_LENGTH).replace(/^-+|-+$/g, '');
  return label === '' ? 'my-scenario' : label;
}

/** The name becomes part of reports' folders, CI jobs and Kubernetes names: a label by RFC 1123. */
export const nameRule: Rule = {
  id: 'name',
  summary: `The name has lower-case letters, digits and dashes between them, at most ${NAME_MAX_LENGTH} in all.`,
  reads: [['name']],
  check({ name, written }) {
    if (NAME_PATTERN.test(name) && name.length <= NAME_MAX_LENGTH) return [];
    const origin = written.name === undefined ? ", the file's name," : '';
    const why =
      name.length > NAME_MAX_LENGTH
        ? `has ${name.length} characters, more than ${NAME_MAX_LENGTH}`
        : 'is not made of lower-case letters, digits and dashes between them';
    const advice =
      written.name === undefined ? `write name: ${asName(name)} into it` : `write ${asName(name)}`;
    return [{ path: ['name'], message: `"${printable(name)}"${origin} ${why}: ${advice}` }];
  },
};
