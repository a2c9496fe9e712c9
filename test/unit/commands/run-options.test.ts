import test from 'ava';
import { commandOf, repeatArguments } from '../../../src/commands/run-options.ts';

test('what does the same again has every option that changes what is done', (t) => {
  const options = {
    set: ['nodes.workers=1'],
    timeout: '20m',
    provider: 'lxd',
    imageSource: 'release',
    egress: false,
    // Only where results go.
    reportDir: 'report',
    json: true,
    yes: true,
  } as const;
  t.deepEqual(repeatArguments(['a.yaml'], options), [
    'run',
    'a.yaml',
    '--set',
    'nodes.workers=1',
    '--timeout',
    '20m',
    '--provider',
    'lxd',
    '--image-source',
    'release',
    '--no-egress',
  ]);
  t.deepEqual(repeatArguments(['a.yaml'], { imageSource: 'auto' }), ['run', 'a.yaml']);
});

test('a command for a shell quotes what needs it, and keeps the command of the user last', (t) => {
  t.is(
    commandOf('twinstack', ['a b.yaml'], { keep: 'always', shard: '1/2', command: ['npm', 'test'] }),
    "twinstack run 'a b.yaml' --keep always --shard 1/2 -- npm test",
  );
});
