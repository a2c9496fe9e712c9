import { redact } from '../report/redact.ts';
import { Exchange, type DialogueProgress, type Verdict } from './exchange.ts';
import type { Conversation, ProgramEnd } from './conversation.ts';
import { secretAnswers, type Dialogue, type DialogueOutcome } from './dialogue.ts';
import type { TranscriptText } from './transcript.ts';

/** What a dialogue left. */
export interface DialogueResult {
  readonly outcome: DialogueOutcome;
  /** What happened, in a sentence for its reader; null when all went well. */
  readonly reason: string | null;
  /** The prompt that it is about, by name. */
  readonly prompt: string | null;
  /** What stood where a prompt was awaited, or the last line since the answer before; empty when nothing did. */
  readonly seen: string;
  /** Null when it was ended by us. */
  readonly end: ProgramEnd | null;
  /** Why it could not be ended, when it had to be. */
  readonly killError: string | null;
  /** The last lines of standard error, or of a terminal. */
  readonly lastLines: readonly string[];
  readonly transcript: TranscriptText;
  readonly durationMs: number;
}

/** What a dialogue needs beside its program. */
export interface AnswerOptions {
  /** Gives it up when aborted; the program is ended all the same. */
  readonly signal: AbortSignal;
  /** Masked in the transcript, beside the answers that are secret. */
  readonly secrets?: Iterable<string>;
  readonly now?: () => number;
  /** How long the program may take to be gone when it has to be ended, in milliseconds. */
  readonly killMs?: number;
  /** Hears which prompt is answered, and now and then what was printed last. */
  readonly onProgress?: (progress: DialogueProgress) => void;
}

const KILL_MS = 15_000;

/**
 * Answers a program that asks, each prompt once it was seen to be whole, and says how that ended. When this returns the program has
 * ended, or `killError` says why that is not known.
 * @throws {SyntaxError} for a pattern that is no regular expression; the program is ended then too.
 */
export async function answerProgram(
  program: Conversation,
  dialogue: Dialogue,
  options: AnswerOptions,
): Promise<DialogueResult> {
  const { signal, now = () => performance.now(), killMs = KILL_MS, onProgress = () => undefined } = options;
  const started = now();
  const secrets = new Set([...(options.secrets ?? []), ...secretAnswers(dialogue.prompts)]);
  const kill = async (): Promise<string | null> => {
    // Not the caller's signal: that may be why it is ended.
    const call = { timeoutMs: killMs, signal: AbortSignal.timeout(killMs) };
    return await program.kill(call).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  };
  let exchange: Exchange;
  try {
    exchange = new Exchange(program, dialogue, { signal, now, secrets, onProgress });
  } catch (error) {
    await kill();
    throw error;
  }
  const verdict: Verdict = await exchange.verdict;
  const byItself = ['answered', 'failed', 'ended-early'].includes(verdict.outcome);
  const end = byItself ? await program.ended : null;
  const killError = byItself ? null : await kill();
  exchange.close();
  const { reason, seen } = verdict;
  const { lastLines, transcript } = exchange;
  const durationMs = Math.round(now() - started);
  return {
    ...verdict,
    ...redact({ reason, seen, lastLines }, secrets),
    end,
    killError,
    transcript,
    durationMs,
  };
}
