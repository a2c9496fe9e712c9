import test from 'ava';
import { drawRecording } from '../../../scripts/draw-recording.ts';
import { xmlFault } from '../report/well-formed.ts';

function cast(...texts: string[]): string {
  const header = { version: 2, width: 20, height: 4, title: 'a & b' };
  return [header, ...texts.map((text, index) => [index, 'o', text])]
    .map((line) => JSON.stringify(line))
    .join('\n');
}

test('the last screen is drawn: colours, places, nothing that was overwritten', async (t) => {
  const svg = await drawRecording(
    cast('gone\r', '\u001b[Khere \u001b[32mgreen <1>\u001b[0m\r\n', '\r\n  below'),
  );
  t.is(xmlFault(svg.replaceAll('xml:space', 'space')), null);
  t.false(svg.includes('gone'));
  t.true(
    svg.includes('>here</tspan><tspan x="56.0" textLength="75.6" fill="#7ec07a">green &lt;1&gt;</tspan>'),
    svg,
  );
  t.regex(svg, /<tspan x="30\.8"[^>]*>below</);
  t.true(svg.includes('<title>a &amp; b</title>'));
  t.is(svg.match(/<text /g)?.length, 2);
});
