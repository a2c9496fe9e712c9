import { relative } from 'node:path';
import { print, type CommandContext } from './command-context.ts';
import { listShippedScenarios } from './shipped-scenarios.ts';
import { alignColumns } from '../report/columns.ts';

/** Lists the scenarios that come with the program. @returns 0. */
export async function listCommand(
  options: { readonly json?: boolean },
  context: CommandContext,
): Promise<number> {
  const scenarios = (await listShippedScenarios()).map(({ file, name, description, loaded }) => ({
    file: relative(process.cwd(), file),
    name,
    description,
    provider: loaded.scenario?.provider ?? null,
    distribution: loaded.scenario?.distribution ?? null,
    nodes: loaded.scenario === null ? 0 : loaded.scenario.nodes.controlPlanes + loaded.scenario.nodes.workers,
  }));
  const rows = scenarios.map(({ file, nodes, distribution, description }) => [
    file,
    nodes === 0 ? '-' : nodes === 1 ? '1 node' : `${nodes} nodes`,
    distribution === null ? '-' : `${distribution.name} ${distribution.version}`,
    description,
  ]);
  print(context, options.json, scenarios, alignColumns(rows, { width: null, indent: 0 }));
  return 0;
}
