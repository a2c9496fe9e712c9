import test from 'ava';
import { withoutNpmFolders } from '../../../src/process/search-path.ts';

const cases: readonly (readonly [name: string, path: string, rest: string])[] = [
  [
    'what npm adds goes',
    '/src/app/node_modules/.bin:/usr/lib/node_modules/npm/node-gyp-bin:/usr/bin',
    '/usr/bin',
  ],
  ['of every folder above', '/a/b/node_modules/.bin:/a/node_modules/.bin:/node_modules/.bin:/bin', '/bin'],
  [
    "a user's own folders stay",
    '/home/u/.bin:/opt/node_modules/bin:/usr/local/bin',
    '/home/u/.bin:/opt/node_modules/bin:/usr/local/bin',
  ],
  ['nothing', '', ''],
];
for (const [name, path, rest] of cases) {
  test(name, (t) => t.is(withoutNpmFolders(path), rest));
}
