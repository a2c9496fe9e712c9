import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import { REDACTED } from '../report/redact.ts';
import { SecretFilter } from '../process/secret-filter.ts';

/** A secret of which so many bytes stand there is masked, though its rest never came. */
const TELLING_BYTES = 4;

/** Who hears a stream. */
export interface StreamListener {
  /** Called first with each piece's length. */
  onBytes(bytes: number): void;
  /** What can be told: without secrets, so that what may be the beginning of one comes later. */
  onTold(text: string): void;
  /** What was said, as it is. */
  onText(text: string): void;
}

/** One output stream of a program: bytes in, characters out, however they were cut. */
export class HeardStream {
  readonly #stream: Readable;
  readonly #listener: StreamListener;
  readonly #heard = new StringDecoder('utf8');
  readonly #told = new StringDecoder('utf8');
  readonly #filter: SecretFilter;
  /** Resolves when nothing can come any more. */
  readonly ended: Promise<void>;
  #deaf = false;

  constructor(stream: Readable, secrets: ReadonlySet<string>, listener: StreamListener) {
    this.#stream = stream;
    this.#listener = listener;
    this.#filter = new SecretFilter(() => secrets);
    this.ended = new Promise((resolve) => stream.once('end', resolve).once('close', resolve));
    stream.on('error', () => undefined);
    stream.on('data', this.#take);
  }

  readonly #take = (bytes: Buffer): void => {
    // What comes after the verdict is read and forgotten, for a program that has to write to end.
    if (this.#deaf) return;
    this.#listener.onBytes(bytes.length);
    if (this.#deaf) return;
    this.#listener.onTold(this.#told.write(this.#filter.write(bytes)));
    this.#listener.onText(this.#heard.write(bytes));
  };

  /** Tells what was held back, and nothing more after it. */
  finish(): void {
    if (this.#deaf) return;
    this.#deaf = true;
    const held = this.#filter.end();
    const rest = held.length < TELLING_BYTES ? held : Buffer.from(REDACTED);
    this.#listener.onTold(this.#told.write(rest) + this.#told.end());
  }

  /** Nothing more is read; whoever holds the other end open is not waited for. */
  close(): void {
    this.finish();
    this.#stream.off('data', this.#take);
    this.#stream.destroy();
  }
}
