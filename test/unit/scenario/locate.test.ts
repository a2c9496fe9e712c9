import test from 'ava';
import { locate } from '../../../src/scenario/locate.ts';

const source = { file: 'x.yaml', text: 'name: x\nimages:\n  - a.tar\n  - b.tar\n' };

test('a value is found where it was written, in the file or on the command line', (t) => {
  t.deepEqual(locate(source, ['images', 1]), { file: 'x.yaml', line: 4, column: 5 });
  const overrides = ['images[1]=c.tar'];
  t.deepEqual(locate({ ...source, overrides }, ['images', 0]), { file: 'x.yaml', line: 3, column: 5 });
  t.is(locate({ ...source, overrides }, ['images', 1]).file, '--set');
});
