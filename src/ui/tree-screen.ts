import type { Writable } from 'node:stream';
import type { Listr } from 'listr2';
import {
  DefaultRenderer,
  ListrDefaultRendererLogLevels as Level,
  ListrLogger,
  ProcessOutput,
  Spinner,
} from 'listr2';
import { wrapWords } from '../report/columns.ts';
import type { Palette } from '../report/palette.ts';
import type { Terminal, TerminalStream } from './describe-terminal.ts';

/** A screen to draw on. Its size is read anew for each frame. */
export type ScreenStream = Writable & TerminalStream & { readonly rows?: number | undefined };

/** What {@link TreeScreen} draws. */
export interface TreeScreenOptions {
  readonly stream: ScreenStream;
  readonly terminal: Terminal;
  readonly palette: Palette;
  /** Lines above and below the tree, asked for at each frame. */
  readonly header: () => readonly string[];
  readonly footer: () => readonly string[];
  /** Called before each frame of the animation. */
  readonly onTick: () => void;
}

/** The types of tasks that listr2's default renderer draws. */
export type TreeList = Listr<unknown, typeof DefaultRenderer, 'silent'>;
export type TreeTask = TreeList['tasks'][number];

/** listr2's default renderer on one stream of our choice: it takes over no other stream, and holds the process for nothing. */
export class TreeScreen extends DefaultRenderer {
  readonly #options: TreeScreenOptions;

  constructor(list: TreeList, options: TreeScreenOptions) {
    const { icon, color } = styles(options);
    super(
      list.tasks,
      {
        icon,
        color,
        // Colours and icons are ours; what listr2 finds in the environment by itself is left out.
        logger: new ListrLogger({
          useIcons: true,
          toStderr: [],
          processOutput: new StreamOutput(options.stream),
        }),
        spinner: new IdleSpinner(options.onTick, options.terminal.unicode),
        collapseErrors: false,
        collapseSubtasks: true,
      },
      list.events,
    );
    this.#options = options;
  }

  override create(options?: Parameters<DefaultRenderer['create']>[0]): string {
    return [...this.#options.header(), super.create(options), ...this.#options.footer()].join('\n');
  }

  /** The original breaks lines to the width of standard output, which may be a file while this is a terminal. */
  protected override format(message: string, icon: string, level: number): string[] {
    if (message.trim() === '') return [];
    const margin = '  '.repeat(level);
    const width = (this.#options.stream.columns ?? 80) - margin.length - 3;
    const lines = message.split('\n').flatMap((line) => wrapWords(line, Math.max(20, width)));
    return lines.map((line, index) => `${margin}${index === 0 ? icon : ' '} ${line}`.trimEnd());
  }
}

/**
 * Writes to one stream. The original replaces `write` of standard output and error until the drawing ends, and what others write
 * in the meantime is lost with a process that ends early.
 */
class StreamOutput extends ProcessOutput {
  readonly #stream: ScreenStream;

  constructor(stream: ScreenStream) {
    super(stream as NodeJS.WriteStream, stream as NodeJS.WriteStream);
    this.#stream = stream;
  }

  /** The stream itself: the original hands out a copy, which keeps its size when the window does not. */
  override get stdout(): NodeJS.WriteStream {
    return this.#stream as NodeJS.WriteStream;
  }

  override hijack(): void {
    this.active = true;
  }

  override release(): void {
    this.active = false;
  }
}

/** A spinner whose timer keeps no process alive, and whose frames can't throw into the event loop. */
class IdleSpinner extends Spinner {
  readonly #onTick: () => void;
  #timer: NodeJS.Timeout | null = null;
  #frame = 0;
  readonly #frames: readonly string[];

  constructor(onTick: () => void, unicode: boolean) {
    super();
    this.#onTick = onTick;
    this.#frames = [...(unicode ? '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏' : '-\\|/')];
  }

  override fetch(): string {
    return this.#frames[this.#frame % this.#frames.length] ?? '';
  }

  override isRunning(): boolean {
    return this.#timer !== null;
  }

  override start(draw?: () => void, interval = 100): void {
    this.#timer = setInterval(() => {
      this.#frame++;
      try {
        this.#onTick();
        draw?.();
      } catch {
        // A screen that can't be drawn on is left alone; the run goes on.
        this.stop();
      }
    }, interval);
    this.#timer.unref();
  }

  override stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}

function styles({ palette, terminal }: TreeScreenOptions) {
  const icons = terminal.unicode
    ? { done: '✔', failed: '✖', skipped: '↓', pending: '❯', waiting: '·', output: '›' }
    : { done: '+', failed: 'x', skipped: '-', pending: '>', waiting: '.', output: '>' };
  return {
    icon: {
      [Level.COMPLETED]: icons.done,
      [Level.FAILED]: icons.failed,
      [Level.COMPLETED_WITH_FAILED_SUBTASKS]: icons.failed,
      [Level.FAILED_WITH_FAILED_SUBTASKS]: icons.failed,
      [Level.SKIPPED_WITH_COLLAPSE]: icons.skipped,
      [Level.SKIPPED_WITHOUT_COLLAPSE]: icons.skipped,
      [Level.PENDING]: icons.pending,
      [Level.WAITING]: icons.waiting,
      [Level.OUTPUT]: icons.output,
    },
    color: {
      [Level.COMPLETED]: palette.good,
      [Level.FAILED]: palette.bad,
      [Level.COMPLETED_WITH_FAILED_SUBTASKS]: palette.bad,
      [Level.FAILED_WITH_FAILED_SUBTASKS]: palette.bad,
      [Level.SKIPPED_WITH_COLLAPSE]: palette.odd,
      [Level.SKIPPED_WITHOUT_COLLAPSE]: palette.odd,
      [Level.PENDING]: palette.odd,
      [Level.WAITING]: palette.dim,
      [Level.OUTPUT]: palette.dim,
    } as Record<string, (message?: string) => string>,
  };
}
