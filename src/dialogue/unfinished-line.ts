import { stripVTControlCharacters } from 'node:util';

/** Characters of a line that are looked at, from its end: no prompt is longer, and a flood may never end its line. */
const LONGEST_LINE = 8192;

/** The beginning of an escape sequence whose end has not come yet. */
const BEGUN_ESCAPE = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[ -/]*)?$/;

/**
 * What a program has printed since its last line end: where it asks. Takes text as it comes, with escape sequences torn between reads.
 */
export class UnfinishedLine {
  #raw = '';

  /** Takes the next text. @returns the lines that they end, as a terminal shows them. */
  write(said: string): string[] {
    const parts = (this.#raw + said).split('\n');
    this.#raw = (parts.pop() ?? '').slice(-LONGEST_LINE);
    return parts.map((line) => shown(line.slice(-LONGEST_LINE)));
  }

  /** The text that stands there now, as a terminal shows it. */
  get text(): string {
    return shown(this.#raw.replace(BEGUN_ESCAPE, ''));
  }

  /** What stands there has been answered: the next text begins anew, though no line ended. */
  clear(): void {
    this.#raw = '';
  }
}

/** What a program tells the window, such as its title: `stripVTControlCharacters` of Node 20 leaves those with spaces. */
const WINDOW_COMMAND = /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;

/** Without escape codes, and without what a carriage return wrote over. */
function shown(line: string): string {
  return (
    stripVTControlCharacters(line.replace(WINDOW_COMMAND, ''))
      .split('\r')
      .findLast((part) => part !== '') ?? ''
  );
}
