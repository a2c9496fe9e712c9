import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { Journal } from './journal.ts';

const recordSchema = z.object({
  schemaVersion: z.literal(1),
  runId: z.string(),
  scenario: z.object({ name: z.string(), file: z.string() }),
  provider: z.enum(['lxd', 'incus', 'kind']),
  lease: z.object({
    machineId: z.string(),
    bootId: z.string(),
    pid: z.number(),
    startTicks: z.number(),
    expiresAt: z.string(),
  }),
  startedAt: z.string(),
  /** `running` until the clean-up is done; `kept` when the user asked to keep it; `finished` when nothing of it is left. */
  state: z.enum(['running', 'kept', 'finished']),
  /** The node network's ranges; empty until they are chosen. */
  ranges: z.array(z.string()),
  nodes: z.array(
    z.object({ name: z.string(), shortName: z.string(), role: z.enum(['control-plane', 'worker']) }),
  ),
  reportDir: z.string(),
});

/** What a run's folder says of it. */
export type RunRecord = z.infer<typeof recordSchema>;

const RECORD_FILE = 'run.json';
const KUBECONFIG_FILE = 'kubeconfig';

/** A run that a name does not pick out. */
export class RunNotFoundError extends Error {
  override readonly name = 'RunNotFoundError';
}

/** The runs of one user on this host: a folder each, with record, journal, kubeconfig and report. */
export class RunStore {
  readonly #directory: string;

  constructor(stateDirectory: string) {
    this.#directory = join(stateDirectory, 'runs');
  }

  directoryOf(runId: string): string {
    return join(this.#directory, runId);
  }

  journalOf(runId: string): Journal {
    return new Journal(this.directoryOf(runId));
  }

  kubeconfigFile(runId: string): string {
    return join(this.directoryOf(runId), KUBECONFIG_FILE);
  }

  /** Makes a run's folder, for the user alone. @returns its path. */
  async makeDirectory(runId: string): Promise<string> {
    const directory = this.directoryOf(runId);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return directory;
  }

  /** Writes a run's first record; fails when there is one, so that an id is never used twice. Its report's folder may be there. */
  async create(record: RunRecord): Promise<void> {
    const directory = await this.makeDirectory(record.runId);
    await writeFile(join(directory, RECORD_FILE), '', { flag: 'wx', mode: 0o600 });
    await this.write(record);
  }

  async write(record: RunRecord): Promise<void> {
    const file = join(this.directoryOf(record.runId), RECORD_FILE);
    await writeFileAtomic(file, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  }

  /** Keeps a secret file that only the user may read. */
  async writeKubeconfig(runId: string, kubeconfig: string): Promise<string> {
    const file = this.kubeconfigFile(runId);
    await writeFileAtomic(file, kubeconfig, { mode: 0o600 });
    return file;
  }

  /** Every run with a readable record, oldest first. A folder without one was killed before anything was created. */
  async list(): Promise<RunRecord[]> {
    const ids = await readdir(this.#directory).catch(() => []);
    const records = await Promise.all(ids.map((id) => this.#read(id)));
    return records
      .filter((record) => record !== null)
      .sort((one, other) => one.startedAt.localeCompare(other.startedAt));
  }

  /**
   * The run that an id, a unique prefix of one, or a scenario's name picks out; of several runs of a scenario the newest.
   * @throws {RunNotFoundError} with what there is instead.
   */
  async find(name: string): Promise<RunRecord> {
    const records = await this.list();
    const exact = records.find((record) => record.runId === name);
    if (exact !== undefined) return exact;
    const byPrefix = records.filter((record) => record.runId.startsWith(name));
    if (byPrefix.length === 1 && byPrefix[0] !== undefined) return byPrefix[0];
    if (byPrefix.length > 1) {
      const ids = byPrefix.map((record) => record.runId).join(', ');
      throw new RunNotFoundError(`"${name}" is the beginning of several runs: ${ids}`);
    }
    const newest = records.findLast((record) => record.scenario.name === name);
    if (newest !== undefined) return newest;
    const there = records.map((record) => `${record.runId} (${record.scenario.name})`).join(', ') || 'none';
    throw new RunNotFoundError(`there is no run "${name}"; runs here: ${there}`);
  }

  /** Forgets what a finished run no longer needs: its kubeconfig. The report stays. */
  async forgetSecrets(runId: string): Promise<void> {
    await rm(this.kubeconfigFile(runId), { force: true });
  }

  async remove(runId: string): Promise<void> {
    await rm(this.directoryOf(runId), { recursive: true, force: true });
  }

  async #read(runId: string): Promise<RunRecord | null> {
    try {
      return recordSchema.parse(
        JSON.parse(await readFile(join(this.directoryOf(runId), RECORD_FILE), 'utf8')),
      );
    } catch {
      return null;
    }
  }
}
