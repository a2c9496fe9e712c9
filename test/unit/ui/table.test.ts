import test from 'ava';
import { renderTable } from '../../../src/ui/table.ts';

const rows = [
  ['k7f3q2', 'quickstart', 'kept since 5 minutes, on this host'],
  ['a1', 'k0s-calico-bird', 'left\nbehind\u0007'],
];

test('one line a row in a pipe', (t) => {
  t.is(
    renderTable(['RUN', 'SCENARIO', 'STATE'], rows, { colour: false, width: null }),
    `RUN     SCENARIO         STATE
k7f3q2  quickstart       kept since 5 minutes, on this host
a1      k0s-calico-bird  left behind\\x07
`,
  );
});

test('the last column is broken on a screen', (t) => {
  t.is(
    renderTable(['RUN', 'SCENARIO', 'STATE'], rows, { colour: false, width: 50 }),
    `RUN     SCENARIO         STATE
k7f3q2  quickstart       kept since 5 minutes, on
                         this host
a1      k0s-calico-bird  left behind\\x07
`,
  );
});

test('bold headings shift nothing, missing cells are empty, no rows are nothing', (t) => {
  t.is(
    renderTable(['A', 'B', 'C'], [['x']], { colour: true, width: 80 }),
    '\u001b[1mA\u001b[22m  \u001b[1mB\u001b[22m  \u001b[1mC\u001b[22m\nx\n',
  );
  t.is(renderTable(['A'], [], { colour: false, width: 80 }), '');
});
