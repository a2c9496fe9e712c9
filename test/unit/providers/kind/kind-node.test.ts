import test from 'ava';
import { KindNode } from '../../../../src/providers/kind/kind-node.ts';
import { never } from '../../../support/never.ts';
import { ScriptedEngine } from '../../../support/scripted-engine.ts';

const CALL = { timeoutMs: 1500, signal: never() };
const NODE = 'ts-k7f3q2-worker';

test('a deadline goes into the node, in whole seconds and never short of it, and is kept here as well', async (t) => {
  const engine = new ScriptedEngine(() => ({ stdout: 'yes\n' }));
  const { stdout } = await new KindNode(NODE, engine, 'docker').run('ip', ['-6', 'address'], CALL);
  t.is(stdout, 'yes\n');
  t.deepEqual(engine.commands, [`docker exec --privileged ${NODE} timeout --kill-after=1 2 ip -6 address`]);
  t.is(engine.calls[0]?.options.timeoutMs, 1500);
});

for (const { title, input, flag } of [
  { title: 'no input: standard input stays closed', input: {}, flag: false },
  { title: 'input', input: { input: 'text' }, flag: true },
  { title: 'empty input is input', input: { input: '' }, flag: true },
  { title: 'a file', input: { inputFile: '/tmp/file' }, flag: true },
]) {
  test(`${title}: ${flag ? 'the program can read' : 'the program reads nothing'}`, async (t) => {
    const engine = new ScriptedEngine(() => ({}));
    await new KindNode(NODE, engine, 'podman').run('cat', [], { ...CALL, ...input });
    const [command = ''] = engine.commands;
    t.is(command.includes(' --interactive '), flag, command);
    t.true(command.startsWith('podman exec --privileged '));
    t.like(engine.calls[0]?.options, { ...CALL, ...input });
  });
}

test('environment and folder are those of the program in the node, and not of the client here', async (t) => {
  const engine = new ScriptedEngine(() => ({}));
  await new KindNode(NODE, engine, 'docker').run('env', [], { ...CALL, env: { A: 'b c' }, cwd: '/srv' });
  const [call] = engine.calls;
  t.true(call?.command.includes(` --workdir /srv --env A=b c ${NODE} timeout `), call?.command);
  t.is(call?.options.env, undefined);
  t.is(call?.options.cwd, undefined);
});

test('files are unpacked in one call', async (t) => {
  const engine = new ScriptedEngine(() => ({}));
  const files = ['/etc/a', '/etc/b'].map((path) => ({ path, mode: 0o600, content: 'secret' }));
  await new KindNode(NODE, engine, 'docker').writeFiles(files, CALL);
  t.is(engine.calls.length, 1);
  t.regex(engine.commands[0] ?? '', / --interactive .* tar --extract --file=- --directory=\//);
  t.false(engine.commands[0]?.includes('secret'), 'what they hold is in no argument');
});
