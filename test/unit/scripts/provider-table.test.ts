import test from 'ava';
import { providerTable, withProviderTable } from '../../../scripts/provider-table.ts';

const MARKED = '# x\n\n<!-- providers: written -->\n\nold\n\n<!-- end of providers -->\n\nrest\n';

test('the table stands between its markers, and what is around them stays', (t) => {
  const written = withProviderTable(MARKED);
  t.true(written.startsWith('# x\n\n<!-- providers: written -->\n'));
  t.true(written.endsWith('<!-- end of providers -->\n\nrest\n'));
  t.true(written.includes(providerTable()));
  t.false(written.includes('old'));
  t.is(withProviderTable(written), written, 'twice is the same');
});

test('each provider is a column of every row', (t) => {
  const [head, , ...rows] = providerTable().split('\n');
  t.is(head, '|  | `lxd` | `incus` | `kind` |');
  t.true(rows.length > 5);
  for (const row of rows) t.is(row.split(' | ').length, 4, row);
});

test('a document without markers is refused', (t) => {
  t.throws(() => withProviderTable('# x\n'), { message: /no markers/ });
});
