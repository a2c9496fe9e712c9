import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { visit, type Visitor } from './command-line.ts';

/** Puts an lxc into PATH that never answers. @returns its first call, as a connection that ends with it. */
async function addSilentEngine(t: ExecutionContext, visitor: Visitor): Promise<{ called: Promise<Socket> }> {
  const server = createServer((socket) => {
    // A program that is killed may leave its connection as it likes.
    socket.on('error', () => undefined);
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  await visitor.addProgram('lxc', `require('node:net').connect(${port}, '127.0.0.1');`);
  return { called: once(server, 'connection').then(([socket]) => socket as Socket) };
}

for (const [signal, expected] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  for (const words of [['ps'], ['doctor']]) {
    test.serial(
      `${signal} ends ${words.join(' ')} while the engine does not answer, and the engine's client with it`,
      async (t) => {
        const visitor = await visit(t);
        const { called } = await addSilentEngine(t, visitor);
        const { child, ended } = visitor.start(words);
        const engine = await called;
        const gone = once(engine, 'close');
        child.kill(signal);
        const { status, stdout } = await ended;
        t.is(status, expected);
        t.is(stdout, '');
        await gone;
        t.deepEqual(await visitor.belongings(), []);
      },
    );
  }

  test.serial(`${signal} before a run began: its report says so`, async (t) => {
    const visitor = await visit(t);
    const { called } = await addSilentEngine(t, visitor);
    const directory = visitor.file('report');
    const { child, ended } = visitor.start(['run', '--report-dir', directory]);
    const engine = await called;
    const gone = once(engine, 'close');
    child.kill(signal);
    const { status } = await ended;
    await gone;
    t.is(status, expected);
    const report = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8')) as unknown;
    t.like(report, { outcome: 'aborted', exitCode: expected, failure: { class: 'interrupted' }, nodes: [] });
  });
}
