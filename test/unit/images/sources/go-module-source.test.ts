import test, { type ExecutionContext } from 'ava';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Component } from '../../../../src/images/sources/component-source.ts';
import { GoModuleSource } from '../../../../src/images/sources/go-module-source.ts';
import { CommandError } from '../../../../src/process/command-runner.ts';
import { FailureError } from '../../../../src/run/failure.ts';
import { buildContext, FakeRunner, type Answer } from '../build-surroundings.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const component: Component = {
  name: 'etcd',
  version: '3.6.8',
  architecture: 'arm64',
  definition: {
    programs: { etcd: 'example.test/etcd/server/v3', etcdctl: 'example.test/etcd/etcdctl/v3' },
    variables: { 'example.test/version.Version': 'v{{version}}', 'example.test/version.Minor': '{{minor}}' },
    directory: 'usr/local/bin',
  },
};

async function source(t: ExecutionContext, modules = temporaryDirectory(t)): Promise<GoModuleSource> {
  await mkdir(join(modules, 'etcd-3.6.8'), { recursive: true });
  for (const file of ['go.mod', 'go.sum']) await writeFile(join(modules, 'etcd-3.6.8', file), file);
  const sums = { amd64: 'a'.repeat(64), arm64: 'b'.repeat(64) };
  const pin = { version: '1.26.8', sha256: sums };
  return new GoModuleSource(modules, {
    pin,
    architecture: 'amd64',
    proxy: 'https://x.test',
    environment: {},
  });
}

const go: Answer = (args) =>
  args[0] === 'env' ? { stdout: 'go1.26.8\n' } : { stdout: 'runtime\nexample.test/etcd\n' };

/** What `go build` does: it names a program as the last part of its path that is not a version. */
const compile: Answer = (args) => {
  const out = args.find((arg) => arg.startsWith('-o='))?.slice('-o='.length) ?? '';
  for (const name of ['server', 'etcdctl']) writeFileSync(join(out, name), name);
  return {};
};

test('a component is compiled at once, from pinned modules, and its programs get their names', async (t) => {
  const runner = new FakeRunner({ go, setpriv: compile });
  const out = temporaryDirectory(t);
  await (await source(t)).build(component, out, buildContext(temporaryDirectory(t), { runner }));
  t.deepEqual(await readdir(out), ['etcd', 'etcdctl']);
  const build = runner.calls.find(([file]) => file === 'setpriv') ?? [];
  t.true(build.includes('--pdeathsig'));
  t.like(runner.environments[runner.calls.indexOf(build)], {
    GOARCH: 'arm64',
    GOOS: 'linux',
    CGO_ENABLED: '0',
  });
  for (const flag of [
    '-mod=readonly',
    '-modcacherw',
    '-trimpath',
    '-buildvcs=false',
    '-gcflags=all=-dwarf=false',
  ])
    t.true(build.includes(flag), flag);
  t.true(
    build.includes('-ldflags=-s -w -X=example.test/version.Version=v3.6.8 -X=example.test/version.Minor=6'),
  );
  t.deepEqual(build.slice(-2), ['example.test/etcd/server/v3', 'example.test/etcd/etcdctl/v3']);
});

test('what is beside go.mod is compiled too, and has a part in the key', async (t) => {
  const [modules, out] = [temporaryDirectory(t), temporaryDirectory(t)];
  const folder = join(modules, 'etcd-3.6.8');
  await mkdir(folder);
  for (const file of ['go.mod', 'go.sum']) await writeFile(join(folder, file), file);
  const own = await source(t, modules);
  const plain = await own.inputs(component);
  await writeFile(join(folder, 'main.go'), 'package main');
  const first = await own.inputs(component);
  t.notDeepEqual(first, plain);
  await writeFile(join(folder, 'main.go'), 'package main // changed');
  t.notDeepEqual(await own.inputs(component), first);

  let seen = '';
  const setpriv: Answer = (args) => {
    seen = readFileSync(join(out, '.build', 'main.go'), 'utf8');
    return compile(args);
  };
  const runner = new FakeRunner({ go, setpriv });
  await own.build(component, out, buildContext(temporaryDirectory(t), { runner }));
  t.is(seen, 'package main // changed');
});

test('modules are fetched again when a proxy fails, and not for ever', async (t) => {
  let failures = 2;
  const flaky: Answer = (args) => {
    if (args[0] === 'env') return go(args);
    failures -= 1;
    if (failures < 0) return go(args);
    const stderr = 'go: example.test/x@v1.0.0: reading https://x.test/x: 502 Bad Gateway\n';
    return new CommandError('go ended with status 1', { kind: 'exit', command: ['go'], exitCode: 1, stderr });
  };
  const runner = new FakeRunner({ go: flaky, setpriv: compile });
  await (
    await source(t)
  ).build(component, temporaryDirectory(t), buildContext(temporaryDirectory(t), { runner }));
  t.is(failures, -1);

  failures = Infinity;
  const failing = (await source(t)).build(
    component,
    temporaryDirectory(t),
    buildContext(temporaryDirectory(t), { runner }),
  );
  const error = await t.throwsAsync(failing, { instanceOf: FailureError });
  t.regex(
    error.message,
    /fetching the Go modules of etcd 3\.6\.8: go ended with status 1\n {2}go: .*502 Bad Gateway/,
  );
  t.regex(error.failure.hint ?? '', /GOPROXY/);
});

test('a compiler that fails is quoted', async (t) => {
  const stderr = 'server.go:1: syntax error\n';
  const setpriv: Answer = () =>
    new CommandError('setpriv ended with status 1', { kind: 'exit', command: ['setpriv'], stderr });
  const context = buildContext(temporaryDirectory(t), { runner: new FakeRunner({ go, setpriv }) });
  const out = temporaryDirectory(t);
  mkdirSync(join(out, 'x'));
  const error = await t.throwsAsync((await source(t)).build(component, out, context), {
    instanceOf: FailureError,
  });
  t.regex(error.message, /^building etcd 3\.6\.8: .*\n {2}server\.go:1: syntax error$/);
});
