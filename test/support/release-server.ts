import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ServerCertificate } from './test-authority.ts';

/** What a server does instead of giving the file. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number }
  /** Ends the connection in the middle of the file. */
  | { readonly kind: 'cut' }
  /** Ends the connection before it answers. */
  | { readonly kind: 'hang-up' }
  /** Never answers. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'content'; readonly content: string };

/** An HTTPS server on loopback with files by path, which can be told to misbehave. */
export class ReleaseServer {
  readonly files = new Map<string, Buffer>();
  /** Paths in the order in which they were asked for. */
  readonly requests: string[] = [];
  readonly #faults = new Map<string, { fault: Fault; times: number }>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(certificate: ServerCertificate): Promise<ReleaseServer> {
    const server = createServer(certificate);
    const started = new ReleaseServer(server);
    server.on('request', (request, response) => started.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get origin(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Makes the next requests for a path go wrong; all of them unless said how many. */
  fail(path: string, fault: Fault, times = Infinity): void {
    this.#faults.set(path, { fault, times });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.requests.push(path);
    const armed = this.#faults.get(path);
    if (armed !== undefined && armed.times > 0) {
      armed.times -= 1;
      this.#misbehave(armed.fault, path, response);
      return;
    }
    const content = this.files.get(path);
    if (content === undefined) response.writeHead(404).end('no such file\n');
    else
      response
        .writeHead(200, { 'content-length': content.length })
        .end(request.method === 'HEAD' ? '' : content);
  }

  #misbehave(fault: Fault, path: string, response: ServerResponse): void {
    switch (fault.kind) {
      case 'status':
        response.writeHead(fault.status).end();
        return;
      case 'redirect':
        response.writeHead(302, { location: fault.to }).end();
        return;
      case 'content':
        response.writeHead(200).end(fault.content);
        return;
      case 'hang-up':
        response.socket?.destroy();
        return;
      case 'silence':
        return;
      case 'cut': {
        const content = this.files.get(path) ?? Buffer.alloc(0);
        response.writeHead(200, { 'content-length': content.length });
        response.write(content.subarray(0, Math.floor(content.length / 2)), () => response.socket?.destroy());
      }
    }
  }
}
