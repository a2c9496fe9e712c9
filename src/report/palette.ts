/** How text is set off: each function returns its text, in colour or as it is. */
export interface Palette {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly odd: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

/**
 * ANSI colours, or none. The caller decides: `util.styleText` looks at the environment and at standard output by itself,
 * differently from one Node release to the next.
 */
export function createPalette(colour: boolean): Palette {
  const style = (open: number, close: number) => (text: string) =>
    colour && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    good: style(32, 39),
    bad: style(31, 39),
    odd: style(33, 39),
    dim: style(2, 22),
    bold: style(1, 22),
  };
}
