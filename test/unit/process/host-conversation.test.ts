import test from 'ava';
import { answerProgram } from '../../../src/dialogue/answer-program.ts';
import { DIALOGUE_LIMITS, type DialoguePrompt } from '../../../src/dialogue/dialogue.ts';
import { HostConversation } from '../../../src/process/host-conversation.ts';

const never = (): AbortSignal => new AbortController().signal;
const NAME: DialoguePrompt = {
  name: 'name',
  pattern: '^Name: $',
  answer: 'Ada',
  secret: false,
  optional: false,
  times: 1,
};
const dialogue = { prompts: [NAME], mode: 'pipe', limits: { ...DIALOGUE_LIMITS, endMs: 10_000 } } as const;

function start(script: string): HostConversation {
  return new HostConversation({ file: '/bin/sh', args: ['-c', script], env: { PATH: process.env['PATH'] } });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a program of this host is answered over its pipes', async (t) => {
  const program = start('printf "Name: "; read -r name; echo "hello $name"; echo careful >&2');
  const result = await answerProgram(program, dialogue, { signal: never() });
  t.is(result.outcome, 'answered', JSON.stringify(result));
  t.deepEqual(result.end, { exitCode: 0, signal: null });
  const said = result.transcript.entries.map(({ who, text }) => `${who} ${text}`).join('');
  t.true(said.includes('stdout hello Ada\n'), said);
  t.true(said.includes('stderr careful\n'), said);
});

test('its exit status and last words are told', async (t) => {
  const program = start('printf "Name: "; read -r name; printf "no %s here" "$name" >&2; exit 3');
  const result = await answerProgram(program, dialogue, { signal: never() });
  t.is(result.outcome, 'failed');
  t.is(result.end?.exitCode, 3);
  t.deepEqual(result.lastLines, ['no Ada here']);
});

test('a program that is not there ended early, with the reason', async (t) => {
  const program = new HostConversation({ file: '/no/such/program', args: [], env: {} });
  const result = await answerProgram(program, dialogue, { signal: never() });
  t.is(result.outcome, 'ended-early');
  t.regex(result.lastLines.join('\n'), /ENOENT/);
});

test('what ignores every signal, and what it started, is gone when the dialogue is over', async (t) => {
  const script = 'trap "" INT TERM HUP; sleep 300 & echo "pids $$ $!"; printf "What? "; sleep 300';
  const program = start(script);
  const result = await answerProgram(program, dialogue, { signal: never() });
  t.is(result.outcome, 'unknown-prompt');
  t.is(result.killError, null);
  const pids = /pids (\d+) (\d+)/.exec(JSON.stringify(result.transcript))?.slice(1).map(Number) ?? [];
  t.is(pids.length, 2);
  t.false(isRunning(pids[0] ?? 0));
});

test('whoever holds its output open is not waited for, nor kept open here', async (t) => {
  const program = start('sleep 300 & echo "pid $!"; printf "Name: "; read -r name');
  const result = await answerProgram(program, dialogue, { signal: never() });
  const [, pid] = /pid (\d+)/.exec(JSON.stringify(result.transcript)) ?? [];
  t.teardown(() => process.kill(Number(pid), 'SIGKILL'));
  t.is(result.outcome, 'answered');
  t.true(result.durationMs < 5000, String(result.durationMs));
  t.true(program.stdout.destroyed && program.stderr.destroyed);
});

test('ended by a caller whose own time is up: it is seen to be gone all the same', async (t) => {
  const program = start('trap "" TERM; sleep 300');
  await t.notThrowsAsync(program.kill({ timeoutMs: 1000, signal: AbortSignal.abort() }));
  t.like(await program.ended, { signal: 'SIGKILL' });
});

test.serial('a flood is ended within its limits, and costs less than 64 MB of memory', async (t) => {
  const before = process.memoryUsage().rss;
  const program = start('exec yes "Name: "');
  const result = await answerProgram(program, dialogue, { signal: never() });
  t.is(result.outcome, 'flood');
  t.is(result.killError, null);
  t.true(result.durationMs < 10_000, String(result.durationMs));
  const grown = process.memoryUsage().rss - before;
  t.true(grown < 64 * 1024 * 1024, `${grown} bytes`);
});
