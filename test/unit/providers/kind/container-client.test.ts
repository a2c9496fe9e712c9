import test from 'ava';
import { ContainerClient } from '../../../../src/providers/kind/container-client.ts';
import { CommandError } from '../../../../src/process/command-runner.ts';
import { never } from '../../../support/never.ts';
import { printed, ScriptedEngine, type Said } from '../../../support/scripted-engine.ts';

const CALL = { timeoutMs: 1000, signal: never() };
const clientOf = (said: Said): ContainerClient =>
  new ContainerClient(new ScriptedEngine(() => said), 'docker');

for (const { who, stderr } of [
  { who: 'a client of 28', stderr: 'Error response from daemon: No such container: nope' },
  { who: 'a client of 28', stderr: 'Error response from daemon: network nope not found\nexit status 1' },
  { who: 'a client of 28', stderr: 'Error response from daemon: get nope: no such volume' },
  {
    who: 'a client of 28',
    stderr: 'Error response from daemon: no such image: nope: No such image: nope:latest',
  },
  { who: 'a client of 20.10', stderr: 'Error: No such network: nope' },
  { who: 'a client of 20.10', stderr: 'Error: No such image: nope' },
  { who: 'Podman, by its sources', stderr: 'Error: no such container nope' },
  {
    who: 'Podman, by its sources',
    stderr: 'Error: unable to find network with name or ID nope: network not found',
  },
  { who: 'Podman, by its sources', stderr: 'Error: nope: image not known' },
]) {
  test(`${who} says that something is gone: ${stderr}`, async (t) => {
    const client = clientOf({ stdout: '[]\n', stderr, exitCode: 1 });
    t.deepEqual(await client.inspect('network', ['nope'], CALL), []);
    t.false(await client.remove(['network', 'rm', 'nope'], CALL));
  });
}

for (const stderr of [
  'failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory',
  'error during connect: Get "http://builder:2375/v1.50/networks": dial tcp: lookup builder: no such host',
  'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
  'Error response from daemon: error while removing network: network ts-k7f3q2 has active endpoints',
  'docker: context "remote" not found',
]) {
  test(`what can't be told is not gone: ${stderr}`, async (t) => {
    const client = clientOf({ stdout: '[]\n', stderr, exitCode: 1 });
    const words = { instanceOf: CommandError };
    t.is((await t.throwsAsync(client.inspect('network', ['ts-k7f3q2'], CALL), words)).stderr, stderr);
    t.is((await t.throwsAsync(client.remove(['network', 'rm', 'ts-k7f3q2'], CALL), words)).stderr, stderr);
  });
}

test('of several objects, those that are there are told when one is gone meanwhile', async (t) => {
  const client = clientOf({ ...printed({ Name: 'a' }), stderr: 'Error: No such network: b', exitCode: 1 });
  t.deepEqual(await client.inspect('network', ['a', 'b'], CALL), [{ Name: 'a' }]);
});

test('objects are found by their label, and each is described once', async (t) => {
  const engine = new ScriptedEngine((command) =>
    command.startsWith('docker container ls')
      ? { stdout: 'c1\nc2\nc1\n' }
      : printed({ Id: 'c1' }, { Id: 'c2' }),
  );
  const client = new ContainerClient(engine, 'docker');
  t.is((await client.labelled('container', 'a=b', CALL)).length, 2);
  t.deepEqual(engine.commands, [
    'docker container ls --all --no-trunc --quiet --filter label=a=b',
    'docker container inspect c1 c2',
  ]);
});

test('where nothing has the label, nothing is described', async (t) => {
  const engine = new ScriptedEngine(() => ({}));
  t.deepEqual(await new ContainerClient(engine, 'podman').labelled('network', 'a', CALL), []);
  t.deepEqual(engine.commands, ['podman network ls --quiet --filter label=a']);
});
