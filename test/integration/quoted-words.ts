import type { ExecutionContext } from 'ava';

/** What a message quotes is in the text, part by part in this order; `…` stands for anything between. */
export function assertQuotes(t: ExecutionContext, quoted: string | undefined, text: string): void {
  let rest = text;
  for (const part of quoted?.split('…') ?? []) {
    t.true(rest.includes(part), `${part}\nis not in\n${text}`);
    rest = rest.slice(rest.indexOf(part) + part.length);
  }
}
