// Everything but tab and newline that moves a cursor, rings a bell or starts an escape sequence, C1 and bidi overrides included.
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text from elsewhere (a response's body, a program's last words) with its control characters written out, so that it can't
 * speak to the terminal. Newlines and tabs stay; `\r\n` counts as a newline.
 */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** {@link printable} in one line: every run of white space is one space. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim();
}
