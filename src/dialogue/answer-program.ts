import { StringDecoder } from 'node:string_decoder';
import { REDACTED } from '../report/redact.ts';
import { SecretFilter } from '../process/secret-filter.ts';
import { LastLines } from './last-lines.ts';
import { Transcript, type TranscriptText } from './transcript.ts';
import { UnfinishedLine } from './unfinished-line.ts';
import type { Conversation, ProgramEnd } from './conversation.ts';
import type { Dialogue, DialogueLimits, DialogueOutcome, DialoguePrompt } from './dialogue.ts';

/** What a dialogue left. */
export interface DialogueResult {
  readonly outcome: DialogueOutcome;
  /** What happened, in a sentence for its reader; null when all went well. */
  readonly reason: string | null;
  /** The prompt that it is about, by name. */
  readonly prompt: string | null;
  /** What stood where a prompt was awaited; empty when nothing did. */
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
}

const KILL_MS = 15_000;
/** How long output of a program that has ended, or rejected an answer, may still be on its way. */
const DRAIN_MS = 300;
/** How a question ends; dots and bars of progress do not. */
const LOOKS_LIKE_A_QUESTION = /[:?>\])#$]\s*$/;

/** How the talking ended, before the program is dealt with. */
type Verdict = Pick<DialogueResult, 'outcome' | 'reason' | 'prompt' | 'seen'>;

/**
 * Answers a program that asks, each prompt once it was seen to be whole, and says how that ended. When this returns the program has
 * ended, or `killError` says why that is not known. Never rejects.
 */
export async function answerProgram(
  program: Conversation,
  dialogue: Dialogue,
  options: AnswerOptions,
): Promise<DialogueResult> {
  const { signal, now = () => performance.now(), killMs = KILL_MS } = options;
  const started = now();
  const secrets = new Set(options.secrets);
  for (const { secret, answer } of dialogue.prompts) if (secret && answer !== '') secrets.add(answer);
  const exchange = new Exchange(program, dialogue, { signal, now, secrets });
  const verdict = await exchange.verdict;
  let end: ProgramEnd | null = null;
  let killError: string | null = null;
  if (['answered', 'failed', 'ended-early'].includes(verdict.outcome)) {
    end = await program.ended;
  } else {
    // Not the caller's signal: that may be why it is ended.
    const call = { timeoutMs: killMs, signal: AbortSignal.timeout(killMs) };
    killError = await program.kill(call).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }
  exchange.close();
  const masked = (text: string): string =>
    [...secrets].reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
  return {
    ...verdict,
    reason: verdict.reason === null ? null : masked(verdict.reason),
    seen: masked(verdict.seen),
    end,
    killError,
    lastLines: exchange.lastLines.map(masked),
    transcript: exchange.transcript,
    durationMs: Math.round(now() - started),
  };
}

/** The state of one dialogue: reacts to what is printed, to what ends and to what does not come. */
class Exchange {
  readonly verdict: Promise<Verdict>;
  readonly #program: Conversation;
  readonly #prompts: readonly DialoguePrompt[];
  readonly #limits: DialogueLimits;
  readonly #transcript: Transcript;
  readonly #line = new UnfinishedLine();
  readonly #asked = new Map<DialoguePrompt, number>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #streams: readonly { close(): void }[];
  readonly #now: () => number;
  readonly #errorLines = new LastLines();
  readonly #outputLines = new LastLines();
  /** The first prompt that was not asked yet. */
  #next = 0;
  #bytes = 0;
  #second = { since: 0, bytes: 0 };
  #ended = false;
  #decided = false;
  readonly #signal: AbortSignal;
  #decide: (verdict: Verdict) => void = () => undefined;

  constructor(
    program: Conversation,
    { prompts, limits }: Dialogue,
    context: { signal: AbortSignal; now: () => number; secrets: ReadonlySet<string> },
  ) {
    const { signal, now, secrets } = context;
    this.#signal = signal;
    this.#program = program;
    this.#prompts = prompts;
    this.#limits = limits;
    this.#now = now;
    this.#transcript = new Transcript(now);
    this.#second.since = now();
    this.verdict = new Promise((resolve) => (this.#decide = resolve));
    this.#streams = [
      this.#listen('stdout', secrets, (text) => this.#onOutput(text)),
      this.#listen('stderr', secrets, (text) => this.#errorLines.write(text)),
    ];
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
    void program.ended.then((end) => this.#onEnd(end));
    this.#await();
    this.#heard();
  }

  readonly #onAbort = (): void =>
    this.#end({ outcome: 'aborted', reason: 'the dialogue was given up', prompt: null });

  get transcript(): TranscriptText {
    return this.#transcript.content;
  }

  get lastLines(): string[] {
    const errors = this.#errorLines.lines;
    return errors.length > 0 ? errors : this.#outputLines.lines;
  }

  /** Nothing more is read; whoever holds the other ends open is not waited for. */
  close(): void {
    for (const stream of this.#streams) stream.close();
  }

  #listen(
    who: 'stdout' | 'stderr',
    secrets: ReadonlySet<string>,
    onText: (text: string) => void,
  ): { close(): void } {
    const stream = this.#program[who];
    const heard = new StringDecoder('utf8');
    const written = new StringDecoder('utf8');
    const filter = new SecretFilter(() => secrets);
    const take = (bytes: Buffer): void => {
      if (this.#decided) return;
      this.#count(bytes.length);
      this.#transcript.add(who, written.write(filter.write(bytes)));
      onText(heard.write(bytes));
      this.#heard();
    };
    stream.on('data', take);
    stream.on('error', () => undefined);
    const close = (): void => {
      stream.off('data', take);
      this.#transcript.add(who, written.write(filter.end()) + written.end());
      stream.destroy();
    };
    return { close };
  }

  /** Too much at once, or in all. */
  #count(bytes: number): void {
    const { totalBytes, bytesPerSecond } = this.#limits;
    const now = this.#now();
    if (now - this.#second.since >= 1000) this.#second = { since: now, bytes: 0 };
    this.#second.bytes += bytes;
    this.#bytes += bytes;
    const rate = this.#second.bytes > bytesPerSecond;
    if (!rate && this.#bytes <= totalBytes) return;
    const much = rate ? `more than ${bytesPerSecond} bytes within a second` : `more than ${totalBytes} bytes`;
    this.#end({ outcome: 'flood', reason: `it printed ${much}`, prompt: this.#awaited?.name ?? null });
  }

  #onOutput(text: string): void {
    for (const line of this.#line.write(text)) this.#outputLines.add(line);
    this.#clear('settle');
    this.#clear('unknown');
    if (this.#decided || this.#ended || this.#line.text.trim() === '') return;
    this.#after('settle', this.#limits.settleMs, () => this.#settled());
  }

  /** A text has stood for a moment: it may be a prompt. */
  #settled(): void {
    const text = this.#line.text;
    const found = this.#prompts.findIndex(({ pattern }) => matches(pattern, text));
    const prompt = this.#prompts[found];
    if (prompt === undefined) return this.#notKnown(text);
    const awaited = this.#awaited;
    const reach = awaited === null ? this.#prompts.length - 1 : this.#prompts.indexOf(awaited);
    if (found > reach) {
      const reason = `it asked for ${prompt.name} where ${awaited?.name ?? 'its end'} was awaited`;
      return this.#end({ outcome: 'prompt-never-came', reason, prompt: awaited?.name ?? null });
    }
    const asked = (this.#asked.get(prompt) ?? 0) + 1;
    this.#asked.set(prompt, asked);
    if (found < this.#next && asked > prompt.times) return this.#repeated(prompt);
    this.#next = Math.max(this.#next, found + 1);
    this.#answer(prompt);
  }

  #answer({ answer, secret }: DialoguePrompt): void {
    this.#outputLines.add(this.#line.text);
    this.#line.clear();
    this.#transcript.add('answer', `${secret ? REDACTED : answer}\n`);
    this.#program.write(`${answer}\n`);
    this.#await();
    this.#heard();
  }

  #notKnown(text: string): void {
    if (!LOOKS_LIKE_A_QUESTION.test(text)) return;
    const awaited = this.#awaited;
    const { unknownPromptMs, silenceMs, settleMs } = this.#limits;
    // At work after its last question a program may leave a line open for long.
    const patience = awaited === null ? silenceMs : unknownPromptMs;
    this.#after('unknown', Math.max(0, patience - settleMs), () => {
      const instead = awaited === null ? 'after its last prompt' : `where ${awaited.name} was awaited`;
      const reason = `it asked something that the dialogue does not know, ${instead}`;
      this.#end({ outcome: 'unknown-prompt', reason, prompt: awaited?.name ?? null });
    });
  }

  /** The streams arrive in either order: why it was rejected may come a moment later. */
  #repeated(prompt: DialoguePrompt): void {
    if (this.#timers.has('repeated')) return;
    this.#after('repeated', DRAIN_MS, () => {
      const said = this.#errorLines.lines.at(-1);
      const reason = `it asked for ${prompt.name} again${said === undefined ? '' : `: ${said.trim()}`}`;
      this.#end({ outcome: 'prompt-repeated', reason, prompt: prompt.name });
    });
  }

  #onEnd(end: ProgramEnd): void {
    this.#ended = true;
    for (const name of ['settle', 'unknown', 'repeated', 'prompt', 'silence']) this.#clear(name);
    // What it said last may still be on its way.
    this.#after('drain', DRAIN_MS, () => {
      const awaited = this.#awaited;
      const how = end.signal === null ? `status ${end.exitCode ?? '?'}` : `signal ${end.signal}`;
      if (awaited !== null) {
        const reason = `it ended with ${how} before it asked for ${awaited.name}`;
        return this.#end({ outcome: 'ended-early', reason, prompt: awaited.name });
      }
      if (end.exitCode === 0) return this.#end({ outcome: 'answered', reason: null, prompt: null });
      this.#end({ outcome: 'failed', reason: `it ended with ${how}`, prompt: null });
    });
  }

  /** Waits for the next prompt, or for the end when there is none. */
  #await(): void {
    const { promptMs, endMs } = this.#limits;
    const awaited = this.#awaited;
    this.#clear('prompt');
    if (awaited === null) {
      this.#clear('silence');
      this.#after('prompt', endMs, () =>
        this.#end({
          outcome: 'still-running',
          reason: `it did not end within ${endMs} ms of the last answer`,
          prompt: null,
        }),
      );
      return;
    }
    this.#after('prompt', promptMs, () =>
      this.#end({
        outcome: 'prompt-never-came',
        reason: `it did not ask for ${awaited.name} within ${promptMs} ms`,
        prompt: awaited.name,
      }),
    );
  }

  /** Something was printed, so it is not silent. */
  #heard(): void {
    const awaited = this.#awaited;
    const { silenceMs } = this.#limits;
    this.#clear('silence');
    if (this.#decided || this.#ended || awaited === null) return;
    this.#after('silence', silenceMs, () =>
      this.#end({
        outcome: 'silence',
        reason: `it printed nothing for ${silenceMs} ms, and ${awaited.name} was awaited`,
        prompt: awaited.name,
      }),
    );
  }

  /** The next prompt that has to come; null when all have been asked that must be. */
  get #awaited(): DialoguePrompt | null {
    return this.#prompts.slice(this.#next).find(({ optional }) => !optional) ?? null;
  }

  #end(verdict: Omit<Verdict, 'seen'>): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    for (const name of [...this.#timers.keys()]) this.#clear(name);
    this.#decide({ ...verdict, seen: this.#line.text });
  }

  #after(name: string, ms: number, act: () => void): void {
    this.#clear(name);
    if (!this.#decided) this.#timers.set(name, setTimeout(act, ms));
  }

  #clear(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

function matches(pattern: string, text: string): boolean {
  return new RegExp(pattern, 'u').test(text);
}
