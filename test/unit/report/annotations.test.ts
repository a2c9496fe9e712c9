import test from 'ava';
import { githubCommand } from '../../../src/report/annotations.ts';

const annotation = { level: 'error', file: 'a.yaml', line: 3, column: 7, title: 't', message: 'm' } as const;

test('an annotation is a workflow command', (t) => {
  t.is(githubCommand(annotation), '::error file=a.yaml,line=3,col=7,title=t::m');
  t.is(
    githubCommand({ ...annotation, level: 'warning', column: null }),
    '::warning file=a.yaml,line=3,title=t::m',
  );
});

test('a message keeps its colons and commas; its lines stay in one', (t) => {
  const message = '100%: a,b\r\n::error::no second command';
  t.is(
    githubCommand({ ...annotation, message }),
    '::error file=a.yaml,line=3,col=7,title=t::100%25: a,b%0D%0A::error::no second command',
  );
});

test('in a property colons and commas are escaped too', (t) => {
  t.is(
    githubCommand({ ...annotation, file: 'a,b:c%.yaml', title: 'x::y\nz' }),
    '::error file=a%2Cb%3Ac%25.yaml,line=3,col=7,title=x%3A%3Ay%0Az::m',
  );
});
