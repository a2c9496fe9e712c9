/** What a stream and the environment say about a screen. */
export interface Terminal {
  /** Someone looks at it, and lines can be drawn again. */
  readonly interactive: boolean;
  readonly colour: boolean;
  /** More than ASCII can be shown. */
  readonly unicode: boolean;
  /** Columns; null where there is no screen. */
  readonly width: number | null;
}

/** What {@link describeTerminal} needs of a stream. */
export interface TerminalStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the terminal's abilities: https://no-color.org (`NO_COLOR` with any content turns colours off), `FORCE_COLOR` (on, but for
 * `0`), `TERM=dumb`, and the locale's character set.
 */
export function describeTerminal(stream: TerminalStream, env: Environment): Terminal {
  const isTTY = stream.isTTY === true;
  const smart = isTTY && env['TERM'] !== 'dumb';
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return {
    interactive: smart,
    colour: wantsColour(smart, env),
    // Linux's console font has neither bars nor ticks.
    unicode: /utf-?8/i.test(locale) && env['TERM'] !== 'linux',
    width: isTTY && stream.columns !== undefined && stream.columns > 0 ? stream.columns : null,
  };
}

function wantsColour(smart: boolean, env: Environment): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0';
  return smart;
}
