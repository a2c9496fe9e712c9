import { REDACTED } from '../report/redact.ts';

/**
 * Takes secrets out of a stream of bytes, also those that come in two pieces. Both are looked at as Latin-1, a character for each byte,
 * so that everything else stays as it is. Secrets are asked for anew with each piece: one may be made meanwhile.
 */
export class SecretFilter {
  readonly #secrets: () => Iterable<string>;
  #held = Buffer.alloc(0);

  constructor(secrets: () => Iterable<string>) {
    this.#secrets = secrets;
  }

  /** What of the stream can be passed on by now. */
  write(chunk: Buffer): Buffer {
    const known = [...this.#secrets()]
      .filter((secret) => secret !== '')
      .map((secret) => Buffer.from(secret).toString('latin1'));
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    // Most output has no secret in it: to copy it would double the memory of a test that prints much.
    const clean = known.some((secret) => bytes.includes(secret, 0, 'latin1')) ? redact(bytes, known) : bytes;
    const held = Math.max(0, ...known.map((secret) => lengthOfBegunSecret(clean, secret)));
    this.#held = Buffer.from(clean.subarray(clean.length - held));
    return clean.subarray(0, clean.length - held);
  }

  /** What was held back for a secret that did not come. */
  end(): Buffer {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return rest;
  }
}

function redact(bytes: Buffer, secrets: readonly string[]): Buffer {
  const longestFirst = [...secrets].sort((one, other) => other.length - one.length);
  const text = longestFirst.reduce(
    (rest, secret) => rest.replaceAll(secret, REDACTED),
    bytes.toString('latin1'),
  );
  return Buffer.from(text, 'latin1');
}

/** How many of the last bytes are the beginning of a secret. */
function lengthOfBegunSecret(bytes: Buffer, secret: string): number {
  const end = bytes.subarray(Math.max(0, bytes.length - secret.length + 1)).toString('latin1');
  for (let length = end.length; length > 0; length -= 1) {
    if (end.endsWith(secret.slice(0, length))) return length;
  }
  return 0;
}
