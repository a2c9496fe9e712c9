import { FailureError } from '../run/failure.ts';

/** Where questions are asked. */
export interface AskStreams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  /** Prompts are drawn here, since standard output is for results. */
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean | undefined };
  /** Ends an open question when aborted, as after SIGTERM. */
  readonly signal?: AbortSignal | undefined;
}

/** One of the answers to choose from. */
export interface Choice<T> {
  readonly name: string;
  readonly value: T;
  /** Shown while the choice is under the cursor. */
  readonly description?: string;
  /** Why it can't be chosen; null when it can. */
  readonly disabled: string | null;
}

/** A scenario to pick from. */
export interface ScenarioChoice {
  readonly name: string;
  readonly file: string;
  readonly description: string;
  /** Why it can't run here, or null. */
  readonly obstacle: string | null;
}

/**
 * The questions that can be asked. Each one rejects with a {@link FailureError}: of class `usage`, which names `flag` as another
 * way to answer, when there is no terminal to ask on; of class `interrupted` after Ctrl-C, Ctrl-D and an aborted signal.
 */
export interface Questions {
  /** Whether someone is there to answer. */
  readonly possible: boolean;
  /** Yes or no; Enter alone is no. */
  confirm(message: string, flag: string): Promise<boolean>;
  choose<T>(message: string, choices: readonly Choice<T>[], flag: string): Promise<T>;
  /** A line of text. `validate` returns what is wrong with it, or null. */
  text(
    message: string,
    options: {
      readonly suggestion: string;
      readonly validate: (text: string) => string | null;
      readonly flag: string;
    },
  ): Promise<string>;
  /** The file of the scenario that was picked. */
  pickScenario(scenarios: readonly ScenarioChoice[]): Promise<string>;
}

/** Questions on these streams. Nothing is touched before the first one is asked. */
export function askOn(streams: AskStreams): Questions {
  const possible = streams.stdin.isTTY === true && streams.stderr.isTTY === true;
  const ask = async <T>(question: Readonly<Record<string, unknown>>, flag: string): Promise<T> => {
    const message = String(question['message']);
    if (!possible) {
      throw new FailureError({
        class: 'usage',
        step: 'question',
        message: `there is no terminal to ask "${message}" on`,
        hint: `Answer it with ${flag}.`,
      });
    }
    return prompt<T>(question, streams);
  };
  const choose = <T>(message: string, choices: readonly Choice<T>[], flag: string): Promise<T> => {
    const offered = choices.map(({ name, value, description, disabled }) => ({
      name,
      value,
      disabled: disabled === null ? false : `(${disabled})`,
      ...(description === undefined ? {} : { description }),
    }));
    return ask<T>({ type: 'select', message, choices: offered, pageSize: 15, loop: false }, flag);
  };
  return {
    possible,
    choose,
    confirm: (message, flag) => ask<boolean>({ type: 'confirm', message, default: false }, flag),
    text: (message, { suggestion, validate, flag }) =>
      ask<string>(
        { type: 'input', message, default: suggestion, validate: (text: string) => validate(text) ?? true },
        flag,
      ),
    pickScenario: (scenarios) =>
      choose(
        'Which scenario?',
        scenarios.map(({ name, file, description, obstacle }) => ({
          name,
          value: file,
          description,
          disabled: obstacle,
        })),
        '`run FILE`',
      ),
  };
}

async function prompt<T>(question: Readonly<Record<string, unknown>>, streams: AskStreams): Promise<T> {
  // Loading it takes longer than most verbs, which never ask.
  const { default: inquirer } = await import('inquirer');
  const closed = new AbortController();
  // Ctrl-D ends the reading and says so to nobody: the prompt would never settle, and the process end without a word.
  const onPause = () => {
    closed.abort();
  };
  const { stdin, stderr, signal } = streams;
  const anySignal = signal === undefined ? closed.signal : AbortSignal.any([signal, closed.signal]);
  const module = inquirer.createPromptModule({ input: stdin, output: stderr, signal: anySignal });
  // A prompt that begins resumes the stream, and may pause it for a moment before.
  const onResume = () => {
    stdin.once('pause', onPause);
  };
  stdin.once('resume', onResume);
  stdin.once('end', onPause);
  try {
    const answers = await module<{ answer: T }>([{ ...question, name: 'answer' } as never]);
    return answers.answer;
  } catch (error) {
    if (isGivenUp(error)) {
      const message = 'the question was not answered';
      throw new FailureError(
        { class: 'interrupted', step: 'question', message, hint: null },
        { cause: error },
      );
    }
    throw error;
  } finally {
    stdin.removeListener('resume', onResume);
    stdin.removeListener('pause', onPause);
    stdin.removeListener('end', onPause);
  }
}

/** By name: the classes are those of a package that is not ours to import. */
function isGivenUp(error: unknown): boolean {
  const names = ['ExitPromptError', 'AbortPromptError', 'CancelPromptError'];
  return error instanceof Error && names.includes(error.name);
}
