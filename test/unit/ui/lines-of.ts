import { Writable } from 'node:stream';
import type { PlainRendererOptions } from '../../../src/ui/plain-renderer.ts';
import { PlainRenderer } from '../../../src/ui/plain-renderer.ts';
import type { RunEvent } from '../../../src/run/event.ts';

/** A stream that keeps what is written to it. */
export class Paper extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** What a plain renderer writes about these events. */
export function linesOf(events: readonly RunEvent[], options: Partial<PlainRendererOptions> = {}): string[] {
  const paper = new Paper();
  const renderer = new PlainRenderer(paper, { colour: false, labelRuns: false, ...options });
  for (const event of events) renderer.handle(event);
  return paper.text.split('\n');
}
