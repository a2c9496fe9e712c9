import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { collectDiagnostics } from '../../../src/run/collect-diagnostics.ts';
import type { CommandRunner } from '../../../src/process/command-runner.ts';
import type { Provider } from '../../../src/providers/provider.ts';

const TOKEN = 'abcdef.0123456789abcdef';
const CALL = { timeoutMs: 5000, signal: new AbortController().signal };

/** Only what diagnostics ask of an engine: programs inside a node. */
function providerOf(run: CommandRunner['run']): Provider {
  return { node: () => ({ run }) } as unknown as Provider;
}

test("what nodes and the failed program said is kept, without the run's secrets", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'twinstack-diagnostics-'));
  const said = `kubeadm join --token ${TOKEN}\n`;
  const provider = providerOf(() =>
    Promise.resolve({ exitCode: 0, stdout: said, stderr: '', durationMs: 1 }),
  );
  const failed = { image: 'node', failedOutput: { step: 'join/worker-1', output: said } } as const;
  const into = join(folder, 'diagnostics');
  t.deepEqual(await collectDiagnostics(provider, ['worker-1'], failed, into, [TOKEN], CALL), []);
  for (const file of ['join_worker-1.log', 'worker-1/journal.log', 'worker-1/pods.log']) {
    const text = readFileSync(join(folder, 'diagnostics', file), 'utf8');
    t.regex(text, /kubeadm join --token/);
    t.false(text.includes(TOKEN), file);
  }
});

test('a node that is gone is said to be, and keeps nothing else from being kept', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'twinstack-diagnostics-'));
  const provider = providerOf(() => Promise.reject(new Error('Instance is not running')));
  const failed = {
    image: 'node',
    failedOutput: { step: 'bootstrap/init', output: 'the last words' },
  } as const;
  const into = join(folder, 'diagnostics');
  const problems = await collectDiagnostics(provider, ['control-plane-1'], failed, into, [], CALL);
  t.true(problems.length > 0 && problems.every((problem) => problem.includes('Instance is not running')));
  t.is(readFileSync(join(folder, 'diagnostics', 'bootstrap_init.log'), 'utf8'), 'the last words');
});

test('of an image that is none of ours, what its cloud-init and its snapd say too, also where it has neither', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'twinstack-diagnostics-'));
  const asked: string[] = [];
  const provider = providerOf((file) => {
    asked.push(file);
    return Promise.resolve({ exitCode: 127, stdout: '', stderr: `${file}: not found`, durationMs: 1 });
  });
  const failed = { image: 'foreign', failedOutput: null } as const;
  t.deepEqual(
    await collectDiagnostics(provider, ['worker-1'], failed, join(folder, 'diagnostics'), [], CALL),
    [],
  );
  t.true(asked.includes('cloud-init') && asked.includes('snap'));
  const text = readFileSync(join(folder, 'diagnostics', 'worker-1', 'cloud-init.txt'), 'utf8');
  t.is(text, 'cloud-init: not found');
});
