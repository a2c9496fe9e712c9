import { stringify } from 'yaml';
import { z } from 'zod';
import { shellWords } from '../report/shell-words.ts';

const nodes = z.int().nonnegative().describe('What decides how long it takes, and how much memory.');

/** The content of `matrix --format json`, and of `include` in GitHub's: a job for each scenario, or for each shard. */
export const ciMatrixSchema = z
  .array(
    z.union([
      z.object({
        name: z.string().describe("The scenario's name; its file too where two have the same."),
        scenario: z.string().describe('Its file.'),
        nodes,
      }),
      z.object({
        name: z.string(),
        shard: z.string().describe('For `run --shard`.'),
        scenarios: z.array(z.string()).describe('The files of this shard.'),
        nodes,
      }),
    ]),
  )
  .meta({
    title: 'twinstack matrix',
    description: 'What `matrix --format json` prints: scenarios as jobs of a CI system.',
  });
export type CiMatrix = z.infer<typeof ciMatrixSchema>;

/** In which form a matrix is printed. */
export const MATRIX_FORMATS = ['github', 'gitlab', 'json'] as const;
export type MatrixFormat = (typeof MATRIX_FORMATS)[number];

/** How the jobs of a matrix call this program. */
export interface MatrixCall {
  readonly program: string;
  /** What shards are parts of. */
  readonly paths: readonly string[];
}

/** A matrix as the text that a CI system reads. Ends with a newline. */
export function renderMatrix(matrix: CiMatrix, format: MatrixFormat, call: MatrixCall): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(matrix, null, 2)}\n`;
    case 'github':
      // One line, since `$GITHUB_OUTPUT` takes `name=value` lines.
      return `${JSON.stringify({ include: matrix })}\n`;
    case 'gitlab':
      return gitlabPipeline(matrix, call);
  }
}

/** A child pipeline. What all jobs have is in `.twinstack`, which another included file may add tags and set-up to. */
function gitlabPipeline(matrix: CiMatrix, { program, paths }: MatrixCall): string {
  const report = 'report';
  const jobs = matrix.map((entry) => {
    const what =
      'scenario' in entry ? shellWords([entry.scenario]) : `${shellWords(paths)} --shard ${entry.shard}`;
    return [
      `twinstack ${entry.name}`,
      { extends: '.twinstack', script: [`${program} run ${what} --yes --report-dir ${report}`] },
    ] as const;
  });
  const base = {
    stage: 'test',
    timeout: '2 hours',
    interruptible: true,
    after_script: [`${program} gc`],
    artifacts: {
      when: 'always',
      expire_in: '1 week',
      paths: [`${report}/`],
      reports: { junit: `${report}/junit.xml` },
    },
  };
  const pipeline = { stages: ['test'], '.twinstack': base, ...Object.fromEntries(jobs) };
  return `# A child pipeline, made by \`twinstack matrix --format gitlab\`.\n${stringify(pipeline, { lineWidth: 0 })}`;
}
