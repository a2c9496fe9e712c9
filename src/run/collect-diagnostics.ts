import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { redact } from '../report/redact.ts';
import type { RunImage } from './scenario-run.ts';
import type { CallOptions, Provider } from '../providers/provider.ts';

/** What to read on a node that may be half alive: a name for the file, and the program. */
const NODE_REPORTS: readonly {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}[] = [
  { name: 'journal.log', file: 'journalctl', args: ['--boot', '--no-pager', '--lines=5000'] },
  { name: 'units.txt', file: 'systemctl', args: ['list-units', '--failed', '--no-pager'] },
  { name: 'containers.txt', file: 'ctr', args: ['--namespace=k8s.io', 'tasks', 'list'] },
  { name: 'addresses.txt', file: 'ip', args: ['address'] },
  { name: 'routes-ipv4.txt', file: 'ip', args: ['-4', 'route'] },
  { name: 'routes-ipv6.txt', file: 'ip', args: ['-6', 'route'] },
  {
    name: 'pods.log',
    file: 'find',
    args: ['/var/log/pods', '-name', '*.log', '-exec', 'tail', '-v', '-n', '200', '{}', '+'],
  },
];

/** What only an image that is none of ours has. */
const FOREIGN_REPORTS: typeof NODE_REPORTS = [
  { name: 'cloud-init.txt', file: 'cloud-init', args: ['status', '--long'] },
  { name: 'cloud-init.log', file: 'tail', args: ['-n', '500', '/var/log/cloud-init.log'] },
  { name: 'snap-changes.txt', file: 'snap', args: ['changes'] },
];

const PROGRAM_TIMEOUT_MS = 10_000;

/** What is known of the run that failed. */
interface FailedRun {
  readonly image: RunImage['kind'];
  readonly failedOutput: { readonly step: string; readonly output: string } | null;
}

/**
 * Writes what a failed run left to see into a folder: journals and pod logs of each node, and everything that the failed
 * program printed. @returns what could not be had; never rejects.
 */
export async function collectDiagnostics(
  provider: Provider,
  nodes: readonly string[],
  { image, failedOutput }: FailedRun,
  directory: string,
  secrets: readonly string[],
  options: CallOptions,
): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => {
      problems.push(`diagnostics: ${what}: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  await attempt('folder', () => mkdir(directory, { recursive: true }));
  if (failedOutput !== null) {
    const file = join(directory, `${failedOutput.step.replaceAll('/', '_')}.log`);
    await attempt(failedOutput.step, () => writeFile(file, redact(failedOutput.output, secrets)));
  }
  await Promise.all(
    nodes.map(async (node) => {
      await attempt(node, () => mkdir(join(directory, node), { recursive: true }));
      for (const report of image === 'foreign' ? [...NODE_REPORTS, ...FOREIGN_REPORTS] : NODE_REPORTS) {
        await attempt(`${report.name} of ${node}`, async () => {
          const timeoutMs = Math.min(PROGRAM_TIMEOUT_MS, options.timeoutMs);
          const result = await provider
            .node(node)
            .run(report.file, report.args, { timeoutMs, signal: options.signal, accept: 'any' });
          const text = redact(result.stdout + result.stderr, secrets);
          await writeFile(join(directory, node, report.name), text);
        });
      }
    }),
  );
  return problems;
}
