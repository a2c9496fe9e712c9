import { redact, REDACTED } from '../report/redact.ts';
import { MATCH_MS } from './bounded-match.ts';
import { FloodGauge } from './flood-gauge.ts';
import { HeardStream } from './heard-stream.ts';
import { KnownPrompts } from './known-prompts.ts';
import { LastLines } from './last-lines.ts';
import { Transcript, type TranscriptText } from './transcript.ts';
import { UnfinishedLine } from './unfinished-line.ts';
import type { Conversation, ProgramEnd } from './conversation.ts';
import type { Dialogue, DialogueLimits, DialogueOutcome, DialoguePrompt } from './dialogue.ts';

/** How the talking ended, before the program is dealt with. */
export interface Verdict {
  readonly outcome: DialogueOutcome;
  readonly reason: string | null;
  readonly prompt: string | null;
  readonly seen: string;
}

/** What goes on in a dialogue, for whoever waits for it. */
export interface DialogueProgress {
  readonly text: string;
  /** Prompts that were answered, when it is about one; else null. */
  readonly answered: number | null;
}

/** What an exchange needs beside program and dialogue. */
export interface ExchangeContext {
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Told nowhere. */
  readonly secrets: ReadonlySet<string>;
  readonly onProgress: (progress: DialogueProgress) => void;
}

/** How long output of a program that has ended, or rejected an answer, may still be on its way. */
const DRAIN_MS = 1000;
/** How long a reason on standard error may come after the prompt that it is the reason of. */
const REASON_MS = 300;
/** What is printed is told at most this often. */
const PROGRESS_MS = 1000;
/** How a question ends; dots and bars of progress do not. */
const LOOKS_LIKE_A_QUESTION = /[:?>\])#$]\s*$/;

/** The state of one dialogue: reacts to what is printed, to what ends and to what does not come. */
export class Exchange {
  readonly verdict: Promise<Verdict>;
  readonly #program: Conversation;
  readonly #prompts: KnownPrompts;
  readonly #limits: DialogueLimits;
  readonly #context: ExchangeContext;
  readonly #transcript: Transcript;
  readonly #gauge: FloodGauge;
  readonly #line = new UnfinishedLine();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #streams: readonly HeardStream[];
  readonly #errors = new LastLines();
  readonly #output = new LastLines();
  /** How many texts came on standard output. */
  #texts = 0;
  #lastToldMs = -Infinity;
  #ended = false;
  #decided = false;
  #decide: (verdict: Verdict) => void = () => undefined;

  constructor(program: Conversation, { prompts, limits }: Dialogue, context: ExchangeContext) {
    const { signal, now } = context;
    this.#program = program;
    this.#prompts = new KnownPrompts(prompts);
    this.#limits = limits;
    this.#context = context;
    this.#transcript = new Transcript(now);
    this.#gauge = new FloodGauge(limits, now);
    this.verdict = new Promise((resolve) => (this.#decide = resolve));
    this.#streams = [
      this.#listen('stdout', this.#output, (text) => this.#onOutput(text)),
      this.#listen('stderr', this.#errors, () => undefined),
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
    const errors = this.#errors.lines;
    return errors.length > 0 ? errors : this.#output.lines;
  }

  /** Nothing more is read. */
  close(): void {
    for (const stream of this.#streams) stream.close();
  }

  #listen(who: 'stdout' | 'stderr', lines: LastLines, onText: (text: string) => void): HeardStream {
    return new HeardStream(this.#program[who], this.#context.secrets, {
      onBytes: (bytes) => {
        const much = this.#gauge.count(bytes);
        const prompt = this.#prompts.awaited?.name ?? null;
        if (much !== null) this.#end({ outcome: 'flood', reason: `it printed ${much}`, prompt });
      },
      onTold: (text) => {
        this.#transcript.add(who, text);
        lines.write(text);
      },
      onText: (text) => {
        onText(text);
        this.#heard();
        this.#tellLine();
      },
    });
  }

  #onOutput(text: string): void {
    this.#line.write(text);
    this.#texts += 1;
    this.#clear('settle');
    this.#clear('unknown');
    if (this.#decided || this.#ended || this.#line.text.trim() === '') return;
    const texts = this.#texts;
    this.#after('settle', this.#limits.settleMs, () => {
      // Timers come before what is there to be read: a process that was busy looks at that first.
      setImmediate(() => {
        if (this.#texts === texts && !this.#decided && !this.#ended) this.#settled();
      });
    });
  }

  /** A text has stood for a moment: it may be a prompt. */
  #settled(): void {
    const text = this.#line.text;
    const recognized = this.#prompts.recognize(text);
    switch (recognized.kind) {
      case 'unknown':
        return this.#notKnown(text);
      case 'answerable':
        return this.#answer(recognized.prompt);
      case 'repeated':
        return this.#repeated(recognized.prompt);
      case 'endless-pattern': {
        const { name } = recognized.prompt;
        const reason = `the pattern of ${name} takes longer than ${MATCH_MS} ms over what it asked: write it without repetition in repetition`;
        return this.#end({ outcome: 'unknown-prompt', reason, prompt: name });
      }
      case 'too-early': {
        const awaited = this.#prompts.awaited?.name ?? null;
        const reason = `it asked for ${recognized.prompt.name} where ${awaited ?? 'its end'} was awaited`;
        this.#end({ outcome: 'prompt-never-came', reason, prompt: awaited });
      }
    }
  }

  #answer(prompt: DialoguePrompt): void {
    const { secrets, onProgress } = this.#context;
    const { name, answer, secret } = prompt;
    this.#clear('repeated');
    this.#prompts.answered(prompt);
    this.#line.clear();
    this.#output.endLine();
    this.#output.mark();
    this.#errors.mark();
    this.#transcript.add('answer', `${secret ? REDACTED : redact(answer, secrets)}\n`);
    this.#program.write(`${answer}\n`);
    onProgress({ text: `${name} was asked for and is answered`, answered: this.#prompts.askedCount });
    this.#await();
    this.#heard();
  }

  #notKnown(text: string): void {
    if (!LOOKS_LIKE_A_QUESTION.test(text)) return;
    const { awaited } = this.#prompts;
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
  #repeated({ name, answer }: DialoguePrompt): void {
    if (this.#timers.has('repeated')) return;
    this.#after('repeated', REASON_MS, () => {
      // On a terminal all is one stream, and has an echo of the answer.
      const errors = this.#errors.open.trim() === '' ? this.#errors.lastSinceMark : this.#errors.open;
      const said = (errors ?? this.#output.lastSinceMark)?.trim();
      const why = said === undefined || said === '' || said === answer.trim() ? '' : `: ${said}`;
      this.#end({ outcome: 'prompt-repeated', reason: `it asked for ${name} again${why}`, prompt: name });
    });
  }

  #onEnd(end: ProgramEnd): void {
    this.#ended = true;
    for (const name of ['settle', 'unknown', 'repeated', 'prompt', 'silence']) this.#clear(name);
    const conclude = (): void => this.#conclude(end);
    // What it said last may still be on its way; what it started may hold its streams open for ever.
    this.#after('drain', DRAIN_MS, conclude);
    void Promise.all(this.#streams.map(({ ended }) => ended)).then(conclude);
  }

  #conclude({ signal, exitCode }: ProgramEnd): void {
    const { awaited } = this.#prompts;
    const how = signal === null ? `status ${exitCode ?? '?'}` : `signal ${signal}`;
    if (awaited !== null) {
      const reason = `it ended with ${how} before it asked for ${awaited.name}`;
      return this.#end({ outcome: 'ended-early', reason, prompt: awaited.name });
    }
    if (exitCode === 0) return this.#end({ outcome: 'answered', reason: null, prompt: null });
    this.#end({ outcome: 'failed', reason: `it ended with ${how}`, prompt: null });
  }

  /** Waits for the next prompt, or for the end when there is none. */
  #await(): void {
    const { promptMs, endMs } = this.#limits;
    const { awaited } = this.#prompts;
    this.#clear('prompt');
    if (awaited === null) {
      this.#clear('silence');
      const reason = `it did not end within ${endMs} ms of the last answer`;
      this.#after('prompt', endMs, () => this.#end({ outcome: 'still-running', reason, prompt: null }));
      return;
    }
    const { name } = awaited;
    const reason = `it did not ask for ${name} within ${promptMs} ms`;
    this.#after('prompt', promptMs, () => this.#end({ outcome: 'prompt-never-came', reason, prompt: name }));
  }

  /** Something was printed, so it is not silent. */
  #heard(): void {
    const { awaited } = this.#prompts;
    const { silenceMs } = this.#limits;
    this.#clear('silence');
    if (this.#decided || this.#ended || awaited === null) return;
    const reason = `it printed nothing for ${silenceMs} ms, and ${awaited.name} was awaited`;
    this.#after('silence', silenceMs, () => this.#end({ outcome: 'silence', reason, prompt: awaited.name }));
  }

  /** The last line, now or when the last telling is long enough ago. */
  #tellLine(): void {
    if (this.#timers.has('progress')) return;
    const { now, onProgress } = this.#context;
    const tell = (): void => {
      this.#clear('progress');
      this.#lastToldMs = now();
      const text = this.#output.lastSinceMark ?? this.#errors.lastSinceMark;
      if (text !== null) onProgress({ text, answered: null });
    };
    const wait = this.#lastToldMs + PROGRESS_MS - now();
    if (wait <= 0) tell();
    else this.#after('progress', wait, tell);
  }

  #end(verdict: Omit<Verdict, 'seen'>): void {
    if (this.#decided) return;
    this.#decided = true;
    this.#context.signal.removeEventListener('abort', this.#onAbort);
    for (const name of [...this.#timers.keys()]) this.#clear(name);
    for (const stream of this.#streams) stream.finish();
    const { open, lastSinceMark } = this.#output;
    this.#decide({ ...verdict, seen: open.trim() === '' ? (lastSinceMark ?? '') : open });
  }

  #after(name: string, ms: number, act: () => void): void {
    this.#clear(name);
    if (this.#decided) return;
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      act();
    }, ms);
    this.#timers.set(name, timer);
  }

  #clear(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
