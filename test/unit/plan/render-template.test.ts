import test from 'ava';
import { renderTemplate, UnknownValueError } from '../../../src/plan/render-template.ts';

const VALUES = new Map([
  ['caCertHash', 'sha256:00'],
  ['podCIDR.ts-k7f3q2-worker-1.IPv6', 'fd01::800/117'],
  ['odd', '$& $1 {{caCertHash}}'],
]);

for (const { text, rendered } of [
  { text: 'nothing to do', rendered: 'nothing to do' },
  { text: '{{caCertHash}}, {{caCertHash}}', rendered: 'sha256:00, sha256:00' },
  { text: 'via {{podCIDR.ts-k7f3q2-worker-1.IPv6}}', rendered: 'via fd01::800/117' },
  {
    text: 'a value is no text to be rendered: {{odd}}',
    rendered: 'a value is no text to be rendered: $& $1 {{caCertHash}}',
  },
  { text: '{ {caCertHash}} {{ caCertHash }}', rendered: '{ {caCertHash}} {{ caCertHash }}' },
]) {
  test(`renders ${text}`, (t) => t.is(renderTemplate(text, VALUES), rendered));
}

test('a name without a value is an error that names it, or stays where it is for a reader', (t) => {
  t.throws(() => renderTemplate('a {{secret.token}}', VALUES), {
    instanceOf: UnknownValueError,
    message: 'no value for {{secret.token}}',
  });
  t.is(renderTemplate('a {{secret.token}}', VALUES, true), 'a {{secret.token}}');
});
