import type { ControllerRole } from './scenario.ts';
import type { WrittenScenario } from './schema.ts';

/** What the controller of k0s is beside that: alone without workers, and no node with them, as k0s has it. Null for other distributions. */
export function controllerRoleOf({
  nodes,
  distribution,
}: Pick<WrittenScenario, 'nodes' | 'distribution'>): ControllerRole | null {
  if (distribution.name !== 'k0s') return null;
  return nodes.controllerRole ?? (nodes.workers === 0 ? 'single' : 'controller');
}
