import { relative } from 'node:path';
import { z } from 'zod';
import { createWorkbench, print, type CommandContext } from './command-context.ts';
import { describeObstacles, ObstacleFinder } from './obstacles.ts';
import { loadFor, resolveAuto } from './resolve-auto.ts';
import { programName } from './program-name.ts';
import { listShippedScenarios } from './shipped-scenarios.ts';
import { alignColumns } from '../report/columns.ts';

/** The content of `list --json`. */
export const scenarioListSchema = z
  .array(
    z.object({
      file: z.string(),
      name: z.string(),
      description: z.string(),
      provider: z.string().nullable(),
      distribution: z.object({ name: z.string(), version: z.string() }).nullable(),
      nodes: z.int().nonnegative().describe('0 for a file that is to be refused.'),
      runsHere: z.boolean().describe('Whether it can run on this host as it is.'),
      obstacles: z.array(
        z.object({
          id: z.string().describe('As `doctor` tells it.'),
          cause: z.string(),
          fixable: z.boolean().describe('Whether `doctor --fix` puts it right.'),
          remedy: z
            .string()
            .nullable()
            .describe('What to do, in commands or words; null where nothing is known that helps.'),
        }),
      ),
    }),
  )
  .meta({
    title: 'twinstack list',
    description:
      'What `list --json` prints: the scenarios that come with twinstack, and whether they run here.',
  });
export type ScenarioList = z.infer<typeof scenarioListSchema>;

/** Lists the scenarios that come with the program, and whether they run here. @returns 0. */
export async function listCommand(
  options: { readonly json?: boolean },
  context: CommandContext,
): Promise<number> {
  const shipped = await listShippedScenarios();
  const finder = new ObstacleFinder(context, createWorkbench(context));
  const scenarios: ScenarioList = await Promise.all(
    shipped.map(async ({ file, name, description, loaded }) => {
      const as = { file, loaded, overrides: [] };
      const decision = await resolveAuto(as, finder, { maySetUp: true });
      const chosen = decision?.chosen ?? null;
      const { scenario } = chosen === null ? loaded : await loadFor(chosen, as);
      const obstacles = await finder.obstaclesOf(scenario);
      return {
        file: relative(process.cwd(), file),
        name,
        description,
        provider: scenario?.provider ?? null,
        distribution: scenario?.distribution ?? null,
        nodes: scenario === null ? 0 : scenario.nodes.controlPlanes + scenario.nodes.workers,
        runsHere: obstacles.length === 0,
        obstacles,
      };
    }),
  );
  const rows = scenarios.map(({ file, nodes, distribution, runsHere, description }) => [
    file,
    nodes === 0 ? '-' : nodes === 1 ? '1 node' : `${nodes} nodes`,
    distribution === null ? '-' : `${distribution.name} ${distribution.version}`,
    runsHere ? 'runs here' : 'not here',
    description,
  ]);
  print(context, options.json, scenarios, alignColumns(rows, { width: null, indent: 0 }));
  const obstacles = scenarios.flatMap((scenario) => scenario.obstacles);
  for (const why of new Set(obstacles.map((obstacle) => describeObstacles([obstacle])))) {
    context.stderr.write(`not here: ${why}\n`);
  }
  if (obstacles.length > 0) {
    const fixable = obstacles.every((obstacle) => obstacle.fixable);
    const how = fixable ? 'what puts it right, and `run` offers to do it' : 'each finding and what to do';
    context.stderr.write(`\`${programName(context)} doctor\` tells ${how}.\n`);
  }
  return 0;
}
