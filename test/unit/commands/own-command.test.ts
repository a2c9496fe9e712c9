import test from 'ava';
import { splitOwnCommand } from '../../../src/commands/own-command.ts';

const OTHERS = ['lint', 'list', 'report'];

test('what follows -- is the command, word for word', (t) => {
  const split = (...argv: string[]) => splitOwnCommand(argv, OTHERS);
  t.deepEqual(split('run', 'a.yaml', '--yes', '--', 'x', '--yes', '--', '*'), {
    args: ['run', 'a.yaml', '--yes'],
    command: ['x', '--yes', '--', '*'],
  });
  t.deepEqual(split('--', 'x'), { args: [], command: ['x'] });
  t.deepEqual(split('run', '--'), { args: ['run'], command: [] });
  t.deepEqual(split('run', 'list', '--', 'x'), { args: ['run', 'list'], command: ['x'] });
  t.deepEqual(split('run', 'a.yaml'), { args: ['run', 'a.yaml'], command: null });
});

test('another verb keeps its --', (t) => {
  const argv = ['report', '--', '-odd-name'];
  t.deepEqual(splitOwnCommand(argv, OTHERS), { args: argv, command: null });
  t.deepEqual(splitOwnCommand(['--', 'list'], OTHERS), { args: [], command: ['list'] });
});
