import test from 'ava';
import { describeImageSource } from '../../../src/images/describe-image-source.ts';

const key = 'abcdef'.repeat(10);

test('a report says whether an image was built here or came in a file', (t) => {
  const at = '2026-02-03T04:05:06.000Z';
  const programs = { source: 'go', binaries: [] } as const;
  t.is(describeImageSource({ key, ...programs, origin: { kind: 'built', at } }), 'built from Go modules');
  const origin = {
    kind: 'imported',
    at,
    file: '/media/x.tar',
    exportedAt: '2026-01-02T03:04:05.000Z',
  } as const;
  t.is(
    describeImageSource({ key, ...programs, origin }),
    'imported from /media/x.tar (key abcdefabcdef…), exported on 2026-01-02',
  );
});
