import test from 'ava';
import { answerProgram } from '../../../src/dialogue/answer-program.ts';
import { never } from '../../support/never.ts';
import { ScriptedProgram } from '../../support/scripted-program.ts';
import { FEATURES, HOSTILE_PROGRAMS, PODS, SERVICES, THREE_PROMPTS } from './hostile-programs.ts';
import type { Dialogue, DialogueLimits, DialoguePrompt } from '../../../src/dialogue/dialogue.ts';
import type { DialogueProgress } from '../../../src/dialogue/exchange.ts';

const LIMITS: DialogueLimits = {
  promptMs: 5000,
  silenceMs: 2500,
  unknownPromptMs: 500,
  settleMs: 40,
  endMs: 2000,
  totalBytes: 512 * 1024,
  bytesPerSecond: 256 * 1024,
};
/** What is still on its way when a deadline passes, on a machine that does other things too. */
const LEEWAY_MS = 2000;
/** Of this process, which plays the programs too, and all of the corpus at once. */
const MOST_MEMORY_BYTES = 64 * 1024 * 1024;

/** The latest moment at which a dialogue ends: a wait for each prompt that has to come, one for the end, and one more for each that may come. */
function latestMs({ prompts, limits }: Dialogue): number {
  const required = prompts.filter(({ optional }) => !optional).length;
  const others = prompts.reduce((sum, { times }) => sum + times, 0) - required;
  const { promptMs, endMs } = limits;
  return required * promptMs + endMs + others * Math.max(promptMs, endMs) + LEEWAY_MS;
}

const dialogue = (changes: Partial<Dialogue> = {}): Dialogue => ({
  prompts: THREE_PROMPTS,
  mode: 'pipe',
  limits: LIMITS,
  ...changes,
});

const before = process.memoryUsage().rss;
let most = before;
const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
// Where a test fails what is below is not run.
sampling.unref();
test.after('the whole corpus at once costs less than 64 MB of memory', (t) => {
  clearInterval(sampling);
  t.log(`${Math.round((most - before) / 1024 / 1024)} MB`);
  t.true(most - before < MOST_MEMORY_BYTES, `${most - before} bytes`);
});

test('the corpus has at least forty programs, each with a name of its own', (t) => {
  t.true(HOSTILE_PROGRAMS.length >= 40, String(HOSTILE_PROGRAMS.length));
  t.is(new Set(HOSTILE_PROGRAMS.map(({ name }) => name)).size, HOSTILE_PROGRAMS.length);
});

for (const { name, script, outcome, told, prompt, limits, prompts = THREE_PROMPTS } of HOSTILE_PROGRAMS) {
  test(`${outcome}: ${name}`, async (t) => {
    const program = new ScriptedProgram(script);
    const own = dialogue({ prompts, limits: { ...LIMITS, ...limits } });
    const result = await answerProgram(program, own, { signal: never() });
    t.is(result.outcome, outcome, JSON.stringify(result.transcript.entries.slice(-5)).slice(-500));
    t.true(result.durationMs < latestMs(own), `${result.durationMs} ms`);
    // Each names what was over: no longer than the one limit that it is about, counted from the last answer.
    const bounds = {
      silence: LIMITS.silenceMs,
      'prompt-never-came': LIMITS.promptMs,
      'still-running': LIMITS.endMs,
    };
    const limit = bounds[outcome as keyof typeof bounds] ?? null;
    const answeredMs = result.transcript.entries.findLast(({ who }) => who === 'answer')?.atMs ?? 0;
    if (limit !== null) t.true(result.durationMs - answeredMs < limit + LEEWAY_MS, `${result.durationMs} ms`);
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

const ask = (name: string, more: Partial<DialoguePrompt> = {}): DialoguePrompt => ({
  name,
  pattern: '^Name: $',
  answer: name,
  secret: false,
  optional: false,
  times: 1,
  ...more,
});

test('a rejection is quoted from what was said since the answer, and nothing older', async (t) => {
  const program = new ScriptedProgram(async (io) => {
    io.err('warning: the lxc profile might be missing\n');
    io.out('Name: ');
    await io.read();
    io.out('Name: ');
    return io.forever();
  });
  const result = await answerProgram(program, dialogue({ prompts: [ask('Ada')] }), { signal: never() });
  t.is(result.reason, 'it asked for Ada again');
});

test('on a terminal, where all is one stream, a rejection is quoted too, and not the echo', async (t) => {
  const reject = (said: string): ScriptedProgram =>
    new ScriptedProgram(async (io) => {
      io.out('Name: ');
      io.out(`${await io.read()}\r\n${said}Name: `);
      return io.forever();
    });
  const over = dialogue({ mode: 'pty', prompts: [ask('Ada')] });
  const told = await answerProgram(reject('  "Ada" is not a name.\r\n'), over, { signal: never() });
  t.is(told.reason, 'it asked for Ada again: "Ada" is not a name.');
  const silent = await answerProgram(reject(''), over, { signal: never() });
  t.is(silent.reason, 'it asked for Ada again');
});

test('a question in new words on a line of its own is told as what was seen', async (t) => {
  const program = new ScriptedProgram((io) => {
    io.err('warning: snapd is not there\n');
    io.out('What is your name?\n');
    return io.forever();
  });
  const result = await answerProgram(program, dialogue({ prompts: [ask('Ada')] }), { signal: never() });
  t.is(result.outcome, 'silence');
  t.is(result.seen, 'What is your name?');
});

test('what is printed after the verdict is in no transcript', async (t) => {
  const program = new ScriptedProgram((io) => {
    io.out('What? ');
    io.killed.addEventListener('abort', () => io.out('too late'));
    return io.forever();
  });
  const result = await answerProgram(program, dialogue(), { signal: never() });
  t.is(result.outcome, 'unknown-prompt');
  t.deepEqual(
    result.transcript.entries.map(({ text }) => text),
    ['What? '],
  );
});

test('a pattern that is no regular expression: the program is ended all the same', async (t) => {
  const program = new ScriptedProgram((io) => io.forever());
  const broken = dialogue({ prompts: [ask('Ada', { pattern: '(' })] });
  await t.throwsAsync(answerProgram(program, broken, { signal: never() }), { instanceOf: SyntaxError });
  t.true(program.wasKilled);
});

test('a program that ended is not waited for: its streams have ended too', async (t) => {
  const program = new ScriptedProgram(() => Promise.resolve(1));
  const { durationMs } = await answerProgram(program, dialogue(), { signal: never() });
  t.true(durationMs < 900, `${durationMs} ms`);
});

test('progress: each prompt as it is answered, then the last line, not more than one a second', async (t) => {
  const heard: DialogueProgress[] = [];
  const program = new ScriptedProgram(async (io) => {
    for (const question of [FEATURES, PODS, SERVICES]) {
      io.out(question);
      await io.read();
    }
    for (let line = 1; line <= 200; line += 1) {
      io.out(`pulling layer ${line}\n`);
      await io.pause(5);
    }
    await io.pause(500);
    return 0;
  });
  const result = await answerProgram(program, dialogue({ limits: { ...LIMITS, endMs: 20_000 } }), {
    signal: never(),
    onProgress: (progress) => heard.push(progress),
  });
  t.is(result.outcome, 'answered');
  t.deepEqual(
    heard.flatMap(({ answered }) => answered ?? []),
    [1, 2, 3],
  );
  const lines = heard.flatMap(({ answered, text }) => (answered === null ? [text] : []));
  t.true(lines.length >= 1 && lines.length <= 2 + result.durationMs / 1000, lines.join('; '));
  t.true(
    lines.every((line) => line.startsWith('pulling layer')),
    lines.join('; '),
  );
});

test('a pattern that comes to no end is what is wrong, by name', async (t) => {
  const program = new ScriptedProgram((io) => {
    io.out(`${'x'.repeat(200)}: `);
    return io.forever();
  });
  const endless = { name: 'endless', pattern: '^(x+x+)+y$', answer: 'a' };
  const prompts = [{ ...endless, secret: false, optional: false, times: 1 }];
  const result = await answerProgram(program, dialogue({ prompts }), { signal: never() });
  t.like(result, {
    outcome: 'unknown-prompt',
    prompt: 'endless',
    reason:
      'the pattern of endless takes longer than 250 ms over what it asked: write it without repetition in repetition',
  });
  t.true(result.durationMs < LEEWAY_MS);
});
