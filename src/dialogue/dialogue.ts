/** One question of a program, and what is answered. */
export interface DialoguePrompt {
  /** What failures and transcripts call it, such as `pod-cidr`. */
  readonly name: string;
  /**
   * A regular expression, held against the text that the program has printed since the last line end or answer, without escape
   * codes. Text and not an object, for a dialogue is data.
   */
  readonly pattern: string;
  /** One line, without its end. */
  readonly answer: string;
  /** Masked wherever the dialogue is told. */
  readonly secret: boolean;
  /** The program may go on without it. */
  readonly optional: boolean;
  /** How often it may be asked, the first time included. */
  readonly times: number;
}

/**
 * How a program is talked to. `pipe`: its output streams are apart, and only standard output asks. `pty`: it believes in a terminal,
 * on which both are one.
 */
export const DIALOGUE_MODES = ['pipe', 'pty'] as const;
export type DialogueMode = (typeof DIALOGUE_MODES)[number];

/** When a dialogue is given up. Times in milliseconds. */
export interface DialogueLimits {
  /** How long the next prompt may take, from the start or from the last answer, whatever else is printed. */
  readonly promptMs: number;
  /** How long the program may print nothing at all while a prompt is awaited. */
  readonly silenceMs: number;
  /** How long a text that looks like a question may stand before it counts as one that nobody knows. */
  readonly unknownPromptMs: number;
  /** How long a text must stand before it counts as a prompt: one that is cut over several reads is answered at its end. */
  readonly settleMs: number;
  /** How long the program may run after the last answer. */
  readonly endMs: number;
  /** Bytes of both streams together. */
  readonly totalBytes: number;
  /** Bytes of both streams together within one second. */
  readonly bytesPerSecond: number;
}

/** Limits of a program that asks a few questions and then works for minutes. */
export const DIALOGUE_LIMITS: DialogueLimits = {
  promptMs: 60_000,
  silenceMs: 30_000,
  unknownPromptMs: 3000,
  settleMs: 40,
  endMs: 10 * 60_000,
  totalBytes: 4 * 1024 * 1024,
  bytesPerSecond: 512 * 1024,
};

/** What a program is asked and answers, in the order of its questions. */
export interface Dialogue {
  readonly prompts: readonly DialoguePrompt[];
  readonly mode: DialogueMode;
  readonly limits: DialogueLimits;
}

/**
 * How a dialogue ended.
 * - `answered`: every prompt was answered and the program ended with 0
 * - `failed`: every prompt was answered, and the program ended otherwise
 * - `ended-early`: the program ended before it had asked everything
 * - `prompt-never-came`: the next prompt did not come in its time, or a later one came in its place
 * - `unknown-prompt`: the program asked something that the dialogue does not know
 * - `prompt-repeated`: a prompt was asked again, so its answer was rejected
 * - `flood`: more was printed than a dialogue prints
 * - `silence`: nothing was printed, and a prompt was awaited
 * - `still-running`: the program did not end after the last answer
 * - `aborted`: the caller gave it up
 */
export const DIALOGUE_OUTCOMES = [
  'answered',
  'failed',
  'ended-early',
  'prompt-never-came',
  'unknown-prompt',
  'prompt-repeated',
  'flood',
  'silence',
  'still-running',
  'aborted',
] as const;
export type DialogueOutcome = (typeof DIALOGUE_OUTCOMES)[number];

/** The answers that must not be told. */
export function secretAnswers(prompts: readonly DialoguePrompt[]): string[] {
  return prompts.flatMap(({ secret, answer }) => (secret && answer !== '' ? [answer] : []));
}
