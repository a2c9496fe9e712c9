import test from 'ava';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';

const TEXT = 'name: x\nimages:\n  - a.tar\n  - b.tar\n';

test('a value is found where it was written, in the file or on the command line', (t) => {
  t.deepEqual(parseScenario(TEXT, 'x.yaml').locate(['images', 1]), { file: 'x.yaml', line: 4, column: 5 });
  const { locate } = parseScenario(TEXT, 'x.yaml', { overrides: ['images[1]=c.tar'] });
  t.deepEqual(locate(['images', 0]), { file: 'x.yaml', line: 3, column: 5 });
  t.is(locate(['images', 1]).file, '--set');
});
