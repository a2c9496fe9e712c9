#!/usr/bin/env -S node --max-semi-space-size=2
// A small young generation: the Kubernetes client's models would otherwise take us over 150 MB for garbage.
import { Command, CommanderError, Option } from 'commander';
import { ARCHITECTURE_NAMES } from './images/architecture.ts';
import { splitOwnCommand } from './commands/own-command.ts';
import { withoutNpmFolders } from './process/search-path.ts';
import { watchInterruptions } from './process/watch-interruptions.ts';
import type { CommandContext } from './commands/command-context.ts';
import type { MatrixFormat } from './commands/ci-matrix.ts';
import type { DoctorOptions } from './commands/doctor.ts';
import type { ImageBuildOptions } from './commands/image.ts';
import type { ImageSource } from './images/node-image.ts';
import type { ProviderName } from './scenario/scenario.ts';
import type { InitOptions } from './commands/init.ts';
import type { AnnotationChoice, RunManyOptions, RunOptions } from './commands/run-options.ts';

const callerPath = process.env['PATH'] ?? '';
// Every program that we start, a daemon too, looks for others in it.
process.env['PATH'] = withoutNpmFolders(callerPath);

// Verbs are loaded when they are called: `--help` must answer at once, and the Kubernetes client alone takes longer than that.

const interruptions = watchInterruptions(process, (text) => process.stderr.write(text));
const context: CommandContext = {
  env: process.env,
  callerPath,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted: interruptions.interrupted,
  abandoned: interruptions.abandoned,
};

let exitCode = 0;
/** The user's own test, after `--`. */
let command: readonly string[] | null = null;
const exitWith = async (status: Promise<number>): Promise<void> => {
  exitCode = await status;
};

const collect = (value: string, previous: readonly string[]): readonly string[] => [...previous, value];
const json = (): Option =>
  new Option('--json', 'print one JSON document to standard output, and nothing else there');
const yes = (): Option => new Option('--yes', 'no questions; also consents to setting this host up');
const set = (): Option =>
  new Option('--set <path=value>', 'change a field of the scenario, such as nodes.workers=2')
    .default([])
    .argParser(collect);
const annotations = (): Option =>
  new Option(
    '--annotations <where>',
    'problems at lines of scenario files; by default under GitHub Actions',
  ).choices(['github', 'none']);

const imageSource = (flag: string): Option =>
  new Option(`${flag} <source>`, 'where the programs of the node image come from')
    .choices(['auto', 'release', 'go'])
    .env('TWINSTACK_IMAGE_SOURCE')
    .default('auto');

const imageFor = (): Option =>
  new Option('--for <provider>', 'what makes nodes of it; lxd and incus take the same image')
    .choices(['lxd', 'incus', 'kind'])
    .default('lxd');

/** Options that a scenario's run and its plan share. */
function scenarioOptions(command: Command): Command {
  return command
    .addOption(set())
    .option(
      '--provider <name>',
      'lxd, incus or kind; auto for the first of them that can; run takes several, with commas',
    )
    .option(
      '--timeout <duration>',
      "the run's deadline, such as 10m; image build and clean-up have their own",
    )
    .option('--no-egress', 'give the lab no way out');
}

const program = new Command('twinstack')
  .description(
    'Bootstraps Kubernetes test clusters in system containers and proves that they are dual-stack.',
  )
  .helpOption('-h, --help', 'show this help')
  .exitOverride()
  .showHelpAfterError('(see --help)')
  .option('-V, --version', 'print the version')
  .action(() => undefined);

scenarioOptions(
  program
    .command('run', { isDefault: true })
    .description(
      'create, verify, report and remove; without FILE a choice on a terminal, else the quick start',
    )
    .usage('[options] [paths...] [-- command...]')
    .argument('[paths...]', 'scenario files, or folders of them')
    .addHelpText(
      'after',
      '\nA command after -- is a test of your own: it runs with KUBECONFIG and TWINSTACK_NODES set.',
    ),
)
  .addOption(yes())
  .addOption(json())
  .option('--report-dir <dir>', 'where report.json, junit.xml and events.jsonl go')
  .addOption(
    new Option('--keep <when>', 'leave the cluster as it is')
      .choices(['never', 'on-failure', 'always'])
      .default('never'),
  )
  .addOption(imageSource('--image-source'))
  .option('--parallel <number>', 'how many at a time where there is room: a number, or auto', '1')
  .option('--shard <i/n>', 'only this part of the scenarios, such as 1/3, for one of several machines')
  .addOption(annotations())
  .action((paths: string[], options: RunManyOptions) =>
    exitWith(
      import('./commands/run.ts').then(({ runCommand }) =>
        runCommand(paths, { ...options, command }, context),
      ),
    ),
  );

scenarioOptions(
  program
    .command('plan')
    .usage('[options] <file> [-- command...]')
    .description('print what run would do, and touch nothing')
    .argument('<file>'),
)
  .addOption(json())
  .action((file: string, options: RunOptions) =>
    exitWith(
      import('./commands/plan.ts').then(({ planCommand }) =>
        planCommand(file, { ...options, command }, context),
      ),
    ),
  );

program
  .command('lint')
  .description('check scenario files: schema and dual-stack rules; needs no engine')
  .argument('<paths...>', 'scenario files, or folders of them')
  .addOption(set())
  .addOption(json())
  .addOption(annotations())
  .action((paths: string[], options: { json?: boolean; set?: string[]; annotations?: AnnotationChoice }) =>
    exitWith(import('./commands/lint.ts').then(({ lintCommand }) => lintCommand(paths, options, context))),
  );

program
  .command('list')
  .description('the scenarios that come with this program')
  .addOption(json())
  .action((options: { json?: boolean }) =>
    exitWith(import('./commands/list.ts').then(({ listCommand }) => listCommand(options, context))),
  );

program
  .command('init')
  .description('write a scenario file from a few answers')
  .argument('[file]', 'the file to write; one that is there is never changed')
  .addOption(
    new Option('--families <order>', 'the families, the primary one first').choices([
      'IPv4,IPv6',
      'IPv6,IPv4',
      'IPv4',
      'IPv6',
    ]),
  )
  .option('--workers <number>', 'workers beside the control plane')
  .option('--kubernetes <version>', 'a Kubernetes release, without the v')
  .addOption(
    new Option('--egress <way>', 'whether nodes may reach what lies outside').choices(['open', 'blocked']),
  )
  .option('--yes', 'no questions: the default of everything that no option says')
  .action((file: string | undefined, options: InitOptions) =>
    exitWith(import('./commands/init.ts').then(({ initCommand }) => initCommand(file, options, context))),
  );

program
  .command('matrix')
  .description('scenarios as jobs of a CI system')
  .argument('[paths...]', 'scenario files, or folders of them; without one those of this program')
  .addOption(
    new Option('--format <format>', 'whose: one line for $GITHUB_OUTPUT, a child pipeline, or an array')
      .choices(['github', 'gitlab', 'json'])
      .default('json'),
  )
  .option('--shards <number>', 'a job for each of so many shards instead of one for each scenario')
  .action((paths: string[], options: { format: MatrixFormat; shards?: string }) =>
    exitWith(
      import('./commands/matrix.ts').then(({ matrixCommand }) => matrixCommand(paths, options, context)),
    ),
  );

program
  .command('doctor')
  .description('what this host lacks, each finding with its fix')
  .option('--fix', 'apply the fixes and record how to undo them')
  .option('--undo', 'take back what --fix and run --yes changed on this host')
  .addOption(
    new Option(
      '--provider <name>',
      'for whose runs this host is looked at; by default the engine that is here',
    ).choices(['lxd', 'incus', 'kind']),
  )
  .addOption(yes())
  .addOption(json())
  .action((options: DoctorOptions) =>
    exitWith(import('./commands/doctor.ts').then(({ doctorCommand }) => doctorCommand(options, context))),
  );

program
  .command('ps')
  .description('what we own on this host')
  .option('--caches', 'also what stays on purpose: node images, storage pool')
  .addOption(json())
  .action((options: { json?: boolean; caches?: boolean }) =>
    exitWith(import('./commands/collect.ts').then(({ psCommand }) => psCommand(options, context))),
  );

program
  .command('down')
  .description('remove a run')
  .argument('[run]', "an id, a unique beginning of one, or a scenario's name")
  .option('--all', 'every run that is not at work')
  .addOption(json())
  .action((run: string | undefined, options: { json?: boolean; all?: boolean }) =>
    exitWith(import('./commands/collect.ts').then(({ downCommand }) => downCommand(run, options, context))),
  );

program
  .command('gc')
  .description('remove what its owner left behind')
  .option('--caches', 'also the caches')
  .addOption(json())
  .action((options: { json?: boolean; caches?: boolean }) =>
    exitWith(import('./commands/collect.ts').then(({ gcCommand }) => gcCommand(options, context))),
  );

program
  .command('kubeconfig')
  .description("print a kept run's kubeconfig")
  .argument('<run>')
  .action((run: string) =>
    exitWith(
      import('./commands/kept-run.ts').then(({ kubeconfigCommand }) => kubeconfigCommand(run, context)),
    ),
  );

program
  .command('logs')
  .description("print the journal of a kept run's node")
  .argument('<run>')
  .argument('[node]')
  .action((run: string, node: string | undefined) =>
    exitWith(import('./commands/kept-run.ts').then(({ logsCommand }) => logsCommand(run, node, context))),
  );

program
  .command('shell')
  .description("open a shell in a kept run's node")
  .argument('<run>')
  .argument('[node]')
  .action((run: string, node: string | undefined) =>
    exitWith(import('./commands/kept-run.ts').then(({ shellCommand }) => shellCommand(run, node, context))),
  );

program
  .command('report')
  .description('show the report of a run, or of a report directory')
  .argument('<run>')
  .addOption(json())
  .action((run: string, options: { json?: boolean }) =>
    exitWith(
      import('./commands/report.ts').then(({ reportCommand }) => reportCommand(run, options, context)),
    ),
  );

const image = program.command('image').description('node images');
image
  .command('build')
  .description('build the node image unless it is in the cache')
  .option('--kubernetes <version>', 'a Kubernetes release, without the v')
  .addOption(
    new Option('--architecture <name>', 'of the machine that nodes run on; this one by default').choices(
      ARCHITECTURE_NAMES,
    ),
  )
  .addOption(imageSource('--source'))
  .addOption(imageFor())
  .addOption(json())
  .action((options: ImageBuildOptions) =>
    exitWith(
      import('./commands/image.ts').then(({ imageBuildCommand }) => imageBuildCommand(options, context)),
    ),
  );
image
  .command('key')
  .description("print the node image's key, which changes with its content: for a CI system's cache")
  .option('--kubernetes <version>', 'a Kubernetes release, without the v')
  .addOption(
    new Option('--source <source>', 'where the programs come from').choices(['release', 'go']).default('go'),
  )
  .addOption(imageFor())
  .action((options: { kubernetes?: string; source: ImageSource; for: ProviderName }) =>
    exitWith(import('./commands/image.ts').then(({ imageKeyCommand }) => imageKeyCommand(options, context))),
  );
image
  .command('list')
  .description('the node images in the cache')
  .addOption(json())
  .action((options: { json?: boolean }) =>
    exitWith(
      import('./commands/image.ts').then(({ imageListCommand }) => imageListCommand(options, context)),
    ),
  );
image
  .command('export')
  .description('write a node image of the cache as one file, for hosts that can build none')
  .usage('[options] [image] <file>')
  .argument('<file...>', "the file, and before it a Kubernetes version or the beginning of an image's key")
  .option('--force', 'replace a file that is there')
  .addOption(imageFor())
  .addOption(json())
  .action((words: string[], options: { force?: boolean; for: ProviderName; json?: boolean }) =>
    exitWith(
      import('./commands/image-transport.ts').then(({ imageExportCommand }) =>
        imageExportCommand(words, options, context),
      ),
    ),
  );
image
  .command('import')
  .description('put an exported node image into the cache')
  .argument('<file>', 'what `image export` wrote')
  .addOption(json())
  .action((file: string, options: { json?: boolean }) =>
    exitWith(
      import('./commands/image-transport.ts').then(({ imageImportCommand }) =>
        imageImportCommand(file, options, context),
      ),
    ),
  );
image
  .command('remove')
  .description('remove a node image from the cache')
  .argument('<key>', 'the beginning of its key')
  .action((key: string) =>
    exitWith(
      import('./commands/image.ts').then(({ imageRemoveCommand }) => imageRemoveCommand(key, context)),
    ),
  );

try {
  const verbs = program.commands
    .map((each) => each.name())
    .filter((name) => name !== 'run' && name !== 'plan');
  const split = splitOwnCommand(process.argv.slice(2), verbs);
  if (split.args.some((argument) => argument === '-V' || argument === '--version')) {
    const { packageVersion } = await import('./package-root.ts');
    process.stdout.write(`${await packageVersion()}\n`);
  } else {
    command = split.command;
    if (command?.length === 0) program.error('error: a command of your own follows --, and there is none');
    await program.parseAsync(split.args, { from: 'user' });
  }
} catch (error) {
  if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : 2;
  else if (interruptions.exitCode !== null) exitCode = interruptions.exitCode;
  else {
    exitCode = 70;
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`This is a defect of twinstack, please report it:\n${trace}\n`);
  }
}
// What a library still holds open (a socket kept alive, a reader of a program that is gone) must not keep a finished run waiting.
process.exit(exitCode);
