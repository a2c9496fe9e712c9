import type { Scenario } from '../scenario/scenario.ts';

/** What the program takes where it is told no ranges, and what it names in its questions. */
export const OWN_RANGES = { pods: '10.1.0.0/16', services: '10.152.183.0/24' } as const;

/** Ranges as the program takes them; null where nobody wrote any and its own default is what the scenario stands for. */
export function toldRanges({ network }: Scenario, section: 'pods' | 'services'): string | null {
  const ranges = network[section].join(',');
  return network.isWritten[section] || ranges !== OWN_RANGES[section] ? ranges : null;
}
