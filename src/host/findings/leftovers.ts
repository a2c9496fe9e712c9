import { ok, problem, type Finding } from './finding.ts';
import type { HostState } from './host-state.ts';

/** Runs whose process is gone and whose objects are still here. */
export function deadRuns({ deadRuns: ids }: HostState): Finding {
  if (ids.length === 0) return ok('dead-runs', 'nothing is left of runs that ended');
  return problem('dead-runs', 'warning', {
    cause: `left by a run that was killed: ${ids.join(', ')}`,
    consequence: 'it takes memory, disk and address space',
    advice: 'npm run scenario -- gc',
  });
}
