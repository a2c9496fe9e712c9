import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { CommandError } from '../../../src/process/command-runner.ts';
import { NodeConversation } from '../../../src/providers/node-conversation.ts';
import { InMemoryNode, type Program } from '../../support/in-memory-node.ts';
import { never } from '../../support/never.ts';

const MARK = 'k7f3q2/bootstrap';

/** The engine's client is a program of this host, the node is one in memory. */
function converse(program: Program, client = 'trap "" INT TERM; sleep 300'): NodeConversation {
  return new NodeConversation({
    node: new InMemoryNode('ts-a', program, () => Promise.resolve()),
    client: { file: '/bin/sh', args: ['-c', client], env: { PATH: process.env['PATH'] } },
    mark: MARK,
    endScript: 'the script',
  });
}

test('it is ended in its node first, until nothing of it is found there, and then the client', async (t) => {
  const log: string[] = [];
  let looks = 0;
  const conversation = converse(({ file, args }) => {
    log.push([file, ...args].join(' '));
    looks += 1;
    return Promise.resolve({ exitCode: looks < 3 ? 1 : 0 });
  });
  void conversation.ended.then(({ signal }) => log.push(`client ${signal ?? ''}`));
  await conversation.kill({ timeoutMs: 5000, signal: never() });
  await delay(0);
  const look = `sh -s -- ${MARK}`;
  t.deepEqual(log, [look, look, look, 'client SIGKILL']);
});

test('a program that stays: the condition is named, and the client is ended all the same', async (t) => {
  const conversation = converse(() => Promise.resolve({ exitCode: 1 }));
  const started = performance.now();
  await t.throwsAsync(conversation.kill({ timeoutMs: 300, signal: AbortSignal.timeout(300) }), {
    message: /the program is gone from its node/,
  });
  t.true(performance.now() - started < 3000);
  t.like(await conversation.ended, { signal: 'SIGKILL' });
});

test('a node that can not tell is no node without it', async (t) => {
  const conversation = converse(() =>
    Promise.resolve({ exitCode: 2, stderr: 'grep -z and /proc are needed' }),
  );
  const error = await t.throwsAsync(conversation.kill({ timeoutMs: 1000, signal: never() }), {
    instanceOf: CommandError,
  });
  t.regex(error?.message ?? '', /grep -z and \/proc are needed/);
  t.like(await conversation.ended, { signal: 'SIGKILL' });
});

test('a node that does not answer: its deadline', async (t) => {
  const conversation = converse(() => new Promise(() => undefined));
  await t.throwsAsync(conversation.kill({ timeoutMs: 200, signal: never() }), {
    message: /the program is gone from its node/,
  });
  t.like(await conversation.ended, { signal: 'SIGKILL' });
});

test('a client that has ended by itself is no reason not to look into the node', async (t) => {
  let looks = 0;
  const conversation = converse(() => {
    looks += 1;
    return Promise.resolve({ exitCode: 0 });
  }, 'exit 3');
  t.deepEqual(await conversation.ended, { exitCode: 3, signal: null });
  await conversation.kill({ timeoutMs: 1000, signal: never() });
  t.is(looks, 1);
});
