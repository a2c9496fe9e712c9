import { existsSync } from 'node:fs';
import { hostEngineOf } from '../src/host/host-engines.ts';
import { CAPABILITIES, type Capabilities } from '../src/scenario/provider-capabilities.ts';
import { PROVIDER_NAMES } from '../src/scenario/provider-names.ts';
import type { ProviderName } from '../src/scenario/scenario.ts';

const yesNo = (value: boolean): string => (value ? 'yes' : 'no');

/** What a reader wants to know of a provider before choosing one, each row from what rules and plans ask too. */
const ROWS: readonly (readonly [
  label: string,
  of: (capabilities: Capabilities, name: ProviderName) => string,
])[] = [
  ['a node is', ({ node }) => node],
  ['distributions', ({ distributions }) => distributions.map((name) => `\`${name}\``).join(', ')],
  [
    'network without `cni`',
    ({ ownNetwork }) => (ownNetwork === null ? "the distribution's" : `\`${ownNetwork}\``),
  ],
  [
    'addresses of nodes are chosen by',
    ({ choosesAddresses }) => (choosesAddresses ? 'the plan' : 'the engine'),
  ],
  [
    '`egress: blocked`',
    ({ blocksEgress }) =>
      blocksEgress === 'engine' ? 'by the engine, without root' : 'by the firewall, as root',
  ],
  ['images that are none of ours (`image: REMOTE:ALIAS`)', ({ foreignImages }) => yesNo(foreignImages)],
  ['snaps in nodes', ({ distributions }) => yesNo(distributions.includes('k8s-snap'))],
  ['dialogues (`bootstrap: interactive`)', ({ makes }) => yesNo(makes === 'machines')],
  ['builds node images for a user without root', ({ buildsImages }) => yesNo(buildsImages)],
  ['set up by `--yes`', (_capabilities, name) => yesNo(hostEngineOf(name) !== null)],
  [
    'held to the provider contract in CI',
    (_capabilities, name) =>
      yesNo(existsSync(new URL(`../test/integration/${name}-contract.test.ts`, import.meta.url))),
  ],
];

/** The providers side by side, as a Markdown table. */
export function providerTable(): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...PROVIDER_NAMES.map((name) => `\`${name}\``)]),
    line(['', ...PROVIDER_NAMES].map(() => '---')),
    ...ROWS.map(([label, of]) =>
      line([label, ...PROVIDER_NAMES.map((name) => of(CAPABILITIES[name], name))]),
    ),
  ].join('\n');
}

const MARKERS = /(<!-- providers: [^\n]*-->\n)[^]*(<!-- end of providers -->)/;

/** A document with the table between its markers. @throws {Error} where it has none. */
export function withProviderTable(document: string): string {
  if (!MARKERS.test(document)) throw new Error('there are no markers for the table of providers');
  return document.replace(
    MARKERS,
    (_all, start: string, end: string) => `${start}\n${providerTable()}\n\n${end}`,
  );
}
