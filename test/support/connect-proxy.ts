import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** How a proxy treats those who ask for a way. */
export type ProxyManner = 'tunnel' | 'cut' | 'refuse' | 'silence';

/** A proxy on loopback that knows CONNECT alone. */
export class ConnectProxy {
  /** `host:port` of each way that was asked for. */
  readonly targets: string[] = [];
  /** What each asked with as its `Proxy-Authorization`. */
  readonly credentials: (string | undefined)[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(manner: ProxyManner = 'tunnel'): Promise<ConnectProxy> {
    const server = createServer();
    const proxy = new ConnectProxy(server);
    server.on('connection', (socket) => proxy.#sockets.add(socket));
    server.on('connect', (request, socket: Socket) => {
      proxy.targets.push(request.url ?? '');
      proxy.credentials.push(request.headers['proxy-authorization']);
      socket.on('error', () => undefined);
      if (manner === 'silence') return;
      if (manner === 'refuse') {
        socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
        return;
      }
      const [host = '', port = ''] = (request.url ?? '').split(':');
      const target = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        target.pipe(socket);
        socket.pipe(target);
      });
      target.on('error', () => socket.destroy());
      // In the middle of the TLS handshake.
      if (manner === 'cut') target.once('data', () => socket.destroy());
      socket.on('close', () => target.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
