import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseOsRelease, readAptSuites } from '../../../src/host/operating-system.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

for (const { text, id, version, codename } of [
  {
    text: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
    id: 'debian',
    version: 12,
    codename: 'bookworm',
  },
  {
    text: "ID=ubuntu\nVERSION_ID='24.04'\nVERSION_CODENAME=noble\n",
    id: 'ubuntu',
    version: 24.04,
    codename: 'noble',
  },
  // Debian unstable has no number.
  { text: 'ID=debian\nVERSION_CODENAME=forky\n', id: 'debian', version: NaN, codename: 'forky' },
  { text: '', id: '', version: NaN, codename: '' },
]) {
  test(`the system ${id} ${codename} is read`, (t) =>
    t.deepEqual(parseOsRelease(text), { id, version, codename }));
}

test('a suite that apt knows is found in both forms, and not in a comment or in another file', async (t) => {
  const folder = temporaryDirectory(t);
  mkdirSync(join(folder, 'sources.list.d'));
  writeFileSync(
    join(folder, 'sources.list'),
    'deb http://a.example.test/debian one main\n# deb http://a.example.test two main\n',
  );
  writeFileSync(join(folder, 'sources.list.d', 'a.sources'), 'Types: deb\nSuites: three four\n');
  writeFileSync(join(folder, 'sources.list.d', 'a.sources.disabled'), 'Suites: five\n');
  const suites = await readAptSuites(folder);
  t.deepEqual(
    ['one', 'two', 'three', 'four', 'five'].filter((suite) => suites.has(suite)),
    ['one', 'three', 'four'],
  );
  t.false((await readAptSuites(join(folder, 'none'))).has('one'));
});
