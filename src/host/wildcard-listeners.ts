import { readFile } from 'node:fs/promises';

/** TCP's state for a socket that listens; UDP has none, and a bound socket that is connected to nobody is in state 07. */
const LISTENING = { tcp: '0A', udp: '07' } as const;

/** Listeners on a port of every address in a table such as `/proc/net/udp6`. */
export function wildcardsIn(table: string, protocol: 'tcp' | 'udp', port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const found = table.split('\n').flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    const [address = '', localPort] = local.split(':');
    if (localPort !== hexPort || state !== LISTENING[protocol] || !/^0+$/.test(address)) return [];
    return [`${address.length > 8 ? '[::]' : '0.0.0.0'}:${port}/${protocol}`];
  });
  return [...new Set(found)];
}

/** Programs that listen on a port of every address, so that nobody else can listen on it of any. */
export async function wildcardListeners(port: number): Promise<string[]> {
  const lists = await Promise.all(
    (['udp', 'udp6', 'tcp', 'tcp6'] as const).map(async (table) => {
      const text = await readFile(`/proc/net/${table}`, 'utf8').catch(() => '');
      return wildcardsIn(text, table.startsWith('udp') ? 'udp' : 'tcp', port);
    }),
  );
  return lists.flat();
}
