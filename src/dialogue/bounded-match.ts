import { createContext, Script, type Context } from 'node:vm';

/** How long a pattern may be held against a text, in milliseconds. */
export const MATCH_MS = 250;

/** A pattern that did not come to an end in its time. */
export class MatchTimeoutError extends Error {
  override readonly name = 'MatchTimeoutError';
}

/**
 * Holds patterns that others wrote against texts that others print. One with nested repetition can take longer than the world has been
 * there, and nothing else of this program would run meanwhile: only V8's own watchdog ends it.
 */
export class BoundedMatcher {
  readonly #surroundings: { expression: RegExp; text: string };
  readonly #context: Context;
  readonly #script = new Script('expression.test(text)');

  constructor() {
    this.#surroundings = { expression: /(?:)/, text: '' };
    this.#context = createContext(this.#surroundings);
  }

  /** @throws {MatchTimeoutError} */
  matches(expression: RegExp, text: string): boolean {
    this.#surroundings.expression = expression;
    this.#surroundings.text = text;
    try {
      return this.#script.runInContext(this.#context, { timeout: MATCH_MS }) === true;
    } catch (error) {
      // It is made in the other context, and so is no `Error` of this one.
      if ((error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
        throw new MatchTimeoutError(`${expression.source} takes longer than ${MATCH_MS} ms`);
      }
      throw error;
    }
  }
}
