import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import type { ParseOptions } from '../../../src/scenario/parse-scenario.ts';

/** What is wrong with a scenario, as `rule path` in the order of the text. */
export function findings(text: string, options: ParseOptions = {}): string[] {
  return parseScenario(text, 'x.yaml', options).problems.map(({ rule, path }) => `${rule} ${path}`.trim());
}

/** What is wrong with a network section, given in flow style without the outer braces. */
export function networkFindings(network: string, rest = ''): string[] {
  return findings(`name: x\nnetwork: { ${network} }\n${rest}`);
}
