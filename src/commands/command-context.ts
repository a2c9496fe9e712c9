import { HostCommandRunner } from '../process/host-command-runner.ts';
import { directoriesOf, type Directories } from '../host/directories.ts';
import { kindProgram } from './kind-program.ts';
import { KindProvider } from '../providers/kind/kind-provider.ts';
import { INCUS, LXD } from '../providers/lxc/dialect.ts';
import { LxcProvider } from '../providers/lxc/lxc-provider.ts';
import { Builder } from '../run/builder.ts';
import { RunStore } from '../run/run-store.ts';
import type { CommandRunner } from '../process/command-runner.ts';
import type { RootPlace } from '../images/build/root-place.ts';
import type { Provider } from '../providers/provider.ts';
import type { ProviderName } from '../scenario/scenario.ts';

/** The world as a verb sees it: streams, environment, and what the user's signals have aborted. */
export interface CommandContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The search path as the user has it; `env` has the one that programs of ours get. */
  readonly callerPath: string;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by the first SIGINT or SIGTERM, with an `InterruptedError`. */
  readonly interrupted: AbortSignal;
  /** Aborted by a second Ctrl-C: the user does not want to wait for the clean-up. */
  readonly abandoned: AbortSignal;
}

/** What verbs work with, made once a call. */
export interface Workbench {
  readonly directories: Directories;
  readonly runner: CommandRunner;
  readonly store: RunStore;
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  /** Where node images are built by a user who is not root; null for root, who builds on the host. */
  readonly rootPlace: RootPlace | null;
}

/** Composes the parts for a verb; touches nothing yet. */
export function createWorkbench(context: CommandContext): Workbench {
  const directories = directoriesOf(context.env);
  const runner = new HostCommandRunner();
  const store = new RunStore(directories.state);
  const lxd = new LxcProvider(LXD, runner);
  const incus = new LxcProvider(INCUS, runner);
  const kind = new KindProvider(runner, {
    kind: kindProgram(runner, directories, context),
    env: context.env,
    directoryOf: (runId) => store.directoryOf(runId),
  });
  const providers = new Map<ProviderName, Provider>(
    [lxd, incus, kind].map((provider) => [provider.name, provider]),
  );
  const rootPlace =
    process.geteuid?.() === 0 ? null : new Builder([lxd, incus], store, directories.cache, context.abandoned);
  return { directories, runner, store, providers, rootPlace };
}

/** The provider of that name. */
export function providerNamed(name: ProviderName, { providers }: Pick<Workbench, 'providers'>): Provider {
  const found = providers.get(name);
  if (found === undefined) throw new Error(`nothing implements ${name}`);
  return found;
}

/** Whether a question may be asked: a person is at both ends. */
export function isInteractive({ stdin, stderr, env }: CommandContext): boolean {
  return stdin.isTTY === true && stderr.isTTY === true && !env['CI'];
}

/** Writes a result: for programs as one JSON document, for people as lines. */
export function print(
  context: CommandContext,
  json: boolean | undefined,
  data: unknown,
  lines: readonly string[],
): void {
  context.stdout.write(
    json === true ? `${JSON.stringify(data, null, 2)}\n` : lines.map((line) => `${line}\n`).join(''),
  );
}
