import { BoundedMatcher, MatchTimeoutError } from './bounded-match.ts';
import type { DialoguePrompt } from './dialogue.ts';

/** What a text is among the prompts of a dialogue. */
export type Recognized =
  | { readonly kind: 'answerable'; readonly prompt: DialoguePrompt }
  /** It was asked as often as it may be. */
  | { readonly kind: 'repeated'; readonly prompt: DialoguePrompt }
  /** One that has to be asked comes before it. */
  | { readonly kind: 'too-early'; readonly prompt: DialoguePrompt }
  /** Its pattern does not come to an end over this text. */
  | { readonly kind: 'endless-pattern'; readonly prompt: DialoguePrompt }
  | { readonly kind: 'unknown' };

interface KnownPrompt {
  readonly prompt: DialoguePrompt;
  readonly expression: RegExp;
}

/** The prompts of a dialogue, and how far it has come in their order. */
export class KnownPrompts {
  readonly #prompts: readonly KnownPrompt[];
  readonly #asked = new Map<DialoguePrompt, number>();
  readonly #matcher = new BoundedMatcher();
  /** The first prompt that comes after all that were asked. */
  #next = 0;

  /** @throws {SyntaxError} for a pattern that is no regular expression. */
  constructor(prompts: readonly DialoguePrompt[]) {
    this.#prompts = prompts.map((prompt) => ({ prompt, expression: new RegExp(prompt.pattern, 'u') }));
  }

  /** The next prompt that has to come; null when all have been asked that must be. */
  get awaited(): DialoguePrompt | null {
    return this.#prompts.slice(this.#next).find(({ prompt }) => !prompt.optional)?.prompt ?? null;
  }

  /** How many of the prompts were asked by now. */
  get askedCount(): number {
    return this.#asked.size;
  }

  /** The first that fits and may still be asked: two prompts may read the same. */
  recognize(text: string): Recognized {
    const fitting: KnownPrompt[] = [];
    for (const one of this.#prompts) {
      try {
        if (this.#matcher.matches(one.expression, text)) fitting.push(one);
      } catch (error) {
        if (error instanceof MatchTimeoutError) return { kind: 'endless-pattern', prompt: one.prompt };
        throw error;
      }
    }
    const { awaited } = this;
    const reach =
      awaited === null
        ? this.#prompts.length - 1
        : this.#prompts.findIndex(({ prompt }) => prompt === awaited);
    const inReach = fitting.filter((one) => this.#prompts.indexOf(one) <= reach);
    const fresh = inReach.find(({ prompt }) => (this.#asked.get(prompt) ?? 0) < prompt.times);
    if (fresh !== undefined) return { kind: 'answerable', prompt: fresh.prompt };
    const spent = inReach.at(-1);
    if (spent !== undefined) return { kind: 'repeated', prompt: spent.prompt };
    const [early] = fitting;
    return early === undefined ? { kind: 'unknown' } : { kind: 'too-early', prompt: early.prompt };
  }

  /** It was asked, and is answered now. */
  answered(prompt: DialoguePrompt): void {
    this.#asked.set(prompt, (this.#asked.get(prompt) ?? 0) + 1);
    const index = this.#prompts.findIndex((known) => known.prompt === prompt);
    this.#next = Math.max(this.#next, index + 1);
  }
}
