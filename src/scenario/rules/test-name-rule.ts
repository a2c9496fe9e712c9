import { printable } from '../problem.ts';
import { NAME_MAX_LENGTH, NAME_PATTERN } from '../schema.ts';
import type { Finding, Rule } from './rule.ts';

/** A test's name becomes a part of its check's id and the name of its file. */
export const testNameRule: Rule = {
  id: 'test-name',
  summary: `A test's name is a label of at most ${NAME_MAX_LENGTH} lower-case letters, digits and dashes between them, and no other test's.`,
  reads: [['tests']],
  check({ written }) {
    const seen = new Map<string, number>();
    return written.tests.flatMap(({ name }, index): Finding[] => {
      if (name === undefined) return [];
      const path = ['tests', index, 'name'];
      const first = seen.get(name);
      if (first !== undefined) {
        return [
          { path, message: `"${printable(name)}" is the name of tests[${first}] too: give each its own` },
        ];
      }
      seen.set(name, index);
      if (NAME_PATTERN.test(name) && name.length <= NAME_MAX_LENGTH) return [];
      return [
        {
          path,
          message: `"${printable(name)}" is no label: write at most ${NAME_MAX_LENGTH} lower-case letters, digits and dashes between them`,
        },
      ];
    });
  },
};
