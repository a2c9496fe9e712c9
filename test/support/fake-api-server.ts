import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ExecutionContext } from 'ava';

/** What the server does with a program in a pod. */
export type ExecBehaviour =
  | { readonly kind: 'run'; readonly stdout: string; readonly exitCode: number }
  | { readonly kind: 'refuse'; readonly status: number }
  /** Takes the connection and never answers it. */
  | { readonly kind: 'ignore' }
  /** Runs for ever. */
  | { readonly kind: 'hang' }
  /** Closes without a status. */
  | { readonly kind: 'drop' };

/** A few paths of the Kubernetes API over plain HTTP, on loopback: lists, watches that tests feed, and exec. */
export class FakeApiServer {
  readonly requests: string[] = [];
  /** The next exec's behaviour. */
  exec: ExecBehaviour = { kind: 'run', stdout: '', exitCode: 0 };
  /** Answers to `METHOD path`, first of all the others. */
  readonly answers = new Map<string, { status: number; body: unknown } | 'silence'>();
  readonly #lists = new Map<string, unknown[]>();
  readonly #watches = new Set<ServerResponse>();
  readonly #sockets = new Set<Duplex>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on('connection', (socket: Duplex) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex) => this.#upgrade(request, socket));
  }

  /** Starts it for one test. */
  static async start(t: ExecutionContext): Promise<FakeApiServer> {
    const fake = new FakeApiServer();
    fake.#server.listen(0, '127.0.0.1');
    await once(fake.#server, 'listening');
    t.teardown(() => {
      for (const socket of fake.#sockets) socket.destroy();
      fake.#server.close();
    });
    return fake;
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  get kubeconfig(): string {
    const { port } = this.#server.address() as AddressInfo;
    const ca = readFileSync(new URL('../fixtures/kubernetes/ca.pem', import.meta.url)).toString('base64');
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [
        {
          name: 'test',
          cluster: {
            server: `http://127.0.0.1:${port}`,
            'insecure-skip-tls-verify': true,
            'certificate-authority-data': ca,
          },
        },
      ],
      users: [{ name: 'test', user: { 'client-key-data': '' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    });
  }

  setList(path: string, items: unknown[]): void {
    this.#lists.set(path, items);
  }

  /** Sends an event to every open watch. */
  send(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: unknown): void {
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type, object })}\n`);
  }

  /** Breaks every open watch. */
  breakWatches(): void {
    for (const watch of this.#watches) watch.destroy();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://fake');
    const watching = url.searchParams.get('watch') === 'true';
    this.requests.push(`${watching ? 'WATCH' : (request.method ?? '')} ${url.pathname}`);
    const special = this.answers.get(`${request.method} ${url.pathname}`);
    if (special === 'silence') return;
    if (special !== undefined) {
      sendJson(response, special.status, special.body);
    } else if (watching) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      this.#watches.add(response);
      response.once('close', () => this.#watches.delete(response));
    } else if (this.#lists.has(url.pathname)) {
      const items = this.#lists.get(url.pathname);
      sendJson(response, 200, { kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items });
    } else {
      const message = `${url.pathname} not found`;
      sendJson(response, 404, { kind: 'Status', status: 'Failure', message, code: 404 });
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex): void {
    this.requests.push(`EXEC ${request.url?.split('?')[0]}`);
    const behaviour = this.exec;
    if (behaviour.kind === 'ignore') return;
    if (behaviour.kind === 'refuse') {
      socket.end(`HTTP/1.1 ${behaviour.status} Refused\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
        `sec-websocket-accept: ${accept}\r\nsec-websocket-protocol: v5.channel.k8s.io\r\n\r\n`,
    );
    if (behaviour.kind === 'drop') socket.end(closeFrame());
    if (behaviour.kind !== 'run') return;
    const { exitCode, stdout } = behaviour;
    const causes = [{ reason: 'ExitCode', message: String(exitCode) }];
    const status = exitCode === 0 ? { status: 'Success' } : { status: 'Failure', details: { causes } };
    socket.write(frame(1, stdout));
    socket.write(frame(3, JSON.stringify(status)));
    // A close frame of the client stays without an answer: the worst server there is.
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** A binary frame (RFC 6455) with up to 64 KiB: the channel's number, then the text. */
function frame(channel: number, text: string): Buffer {
  const payload = Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(payload.length);
  const header = payload.length < 126 ? Buffer.from([0x82, payload.length]) : Buffer.from([0x82, 126]);
  return Buffer.concat(payload.length < 126 ? [header, payload] : [header, length, payload]);
}

function closeFrame(): Buffer {
  return Buffer.from([0x88, 0]);
}
