import test from 'ava';
import { answerProgram } from '../../../src/dialogue/answer-program.ts';
import { ScriptedProgram } from '../../support/scripted-program.ts';
import { FEATURES, HOSTILE_PROGRAMS, PODS, SERVICES, THREE_PROMPTS } from './hostile-programs.ts';
import type { Dialogue, DialogueLimits } from '../../../src/dialogue/dialogue.ts';

const LIMITS: DialogueLimits = {
  promptMs: 5000,
  silenceMs: 2500,
  unknownPromptMs: 500,
  settleMs: 40,
  endMs: 2000,
  totalBytes: 512 * 1024,
  bytesPerSecond: 256 * 1024,
};
/** The latest moment at which a dialogue may end: all of its deadlines, one after the other, and what is still on its way. */
const LATEST_MS = 4 * LIMITS.promptMs + LIMITS.endMs + 2000;

/** A signal that is never aborted. */
const never = (): AbortSignal => new AbortController().signal;
const dialogue = (changes: Partial<Dialogue> = {}): Dialogue => ({
  prompts: THREE_PROMPTS,
  mode: 'pipe',
  limits: LIMITS,
  ...changes,
});

test('the corpus has at least forty programs, each with a name of its own', (t) => {
  t.true(HOSTILE_PROGRAMS.length >= 40, String(HOSTILE_PROGRAMS.length));
  t.is(new Set(HOSTILE_PROGRAMS.map(({ name }) => name)).size, HOSTILE_PROGRAMS.length);
});

for (const { name, script, outcome, told, prompt, prompts = THREE_PROMPTS } of HOSTILE_PROGRAMS) {
  test(`${outcome}: ${name}`, async (t) => {
    const program = new ScriptedProgram(script);
    const result = await answerProgram(program, dialogue({ prompts }), { signal: never() });
    t.is(result.outcome, outcome, JSON.stringify(result.transcript.entries.slice(-5)).slice(-500));
    t.true(result.durationMs < LATEST_MS, `${result.durationMs} ms`);
    t.is(result.killError, null);
    const byItself = ['answered', 'failed', 'ended-early'].includes(outcome);
    t.is(program.wasKilled, !byItself);
    if (prompt !== undefined) t.is(result.prompt, prompt);
    if (told !== undefined) t.regex(`${result.reason ?? ''}\n${result.lastLines.join('\n')}`, told);
    t.is(result.reason === null, outcome === 'answered');
    const kept = result.transcript.entries.reduce((sum, { text }) => sum + text.length, 0);
    t.true(kept <= 160 * 1024, `${kept} characters in the transcript`);
    // Never ahead of a prompt: each answer is one write, and a question stood at the end of what was said by then.
    for (const { text, said } of program.heard) {
      t.regex(text, /^[^\n]*\n$/);
      t.regex(said, /[:?] (?:\u001b\[0m)?$/);
    }
  });
}

test('answers are written when their prompts were seen, in order, and the transcript has both', async (t) => {
  const program = new ScriptedProgram(async (io) => {
    for (const question of [FEATURES, PODS, SERVICES]) {
      io.out(question);
      await io.read();
    }
    return 0;
  });
  const { transcript } = await answerProgram(program, dialogue(), { signal: never() });
  t.deepEqual(
    program.heard.map(({ text }) => text),
    THREE_PROMPTS.map(({ answer }) => `${answer}\n`),
  );
  t.deepEqual(
    transcript.entries.map(({ who, text }) => [who, text]),
    [FEATURES, PODS, SERVICES].flatMap((question, index) => [
      ['stdout', question],
      ['answer', `${THREE_PROMPTS[index]?.answer ?? ''}\n`],
    ]),
  );
  t.true(
    transcript.entries.every(({ atMs }, index, all) => index === 0 || atMs >= (all[index - 1]?.atMs ?? 0)),
  );
});

test('a secret answer is in no transcript, also where a terminal echoes it in pieces', async (t) => {
  const prompts = [
    { ...THREE_PROMPTS[0], name: 'token', pattern: '^Token: $', answer: 'abc123def', secret: true },
  ];
  const program = new ScriptedProgram(async (io) => {
    io.out('Token: ');
    const answer = await io.read();
    io.out(answer.slice(0, 4));
    await io.pause(5);
    io.out(`${answer.slice(4)}\r\n`);
    io.err(`using ${answer}\n`);
    return 0;
  });
  const result = await answerProgram(program, dialogue({ prompts: prompts as Dialogue['prompts'] }), {
    signal: never(),
  });
  t.is(result.outcome, 'answered');
  const text = JSON.stringify(result);
  t.false(text.includes('abc123def'), text);
  t.true(text.includes('redacted'), text);
});

test('given up by the caller: the program is ended all the same', async (t) => {
  const program = new ScriptedProgram((io) => io.forever());
  const result = await answerProgram(program, dialogue(), { signal: AbortSignal.timeout(50) });
  t.is(result.outcome, 'aborted');
  t.true(program.wasKilled);
});

test('a program that can not be seen to be gone is told', async (t) => {
  const program = new ScriptedProgram((io) => io.forever());
  const stubborn = Object.create(program, {
    kill: { value: () => Promise.reject(new Error('process 7 did not end after SIGKILL')) },
  }) as ScriptedProgram;
  const result = await answerProgram(stubborn, dialogue(), { signal: AbortSignal.timeout(50) });
  t.is(result.killError, 'process 7 did not end after SIGKILL');
  await program.kill();
});
