import test, { type ExecutionContext } from 'ava';
import { answerProgram, type AnswerOptions } from '../../../src/dialogue/answer-program.ts';
import { DIALOGUE_LIMITS, type DialoguePrompt } from '../../../src/dialogue/dialogue.ts';
import { dialogueFailure } from '../../../src/run/dialogue-failure.ts';
import { never } from '../../support/never.ts';
import { ScriptedProgram, type Script } from '../../support/scripted-program.ts';

const limits = { ...DIALOGUE_LIMITS, silenceMs: 800, unknownPromptMs: 300, promptMs: 2000 };
const token = (answer: string): DialoguePrompt => ({
  name: 'token',
  pattern: '^Token: $',
  answer,
  secret: true,
  optional: false,
  times: 1,
});

/** Everything that is told of a dialogue, on screens and in files. */
async function told(
  secret: string,
  script: Script,
  more: Partial<AnswerOptions> & { prompt?: DialoguePrompt } = {},
): Promise<string> {
  const heard: unknown[] = [];
  const prompts = [more.prompt ?? token(secret)];
  const result = await answerProgram(
    new ScriptedProgram(script),
    { prompts, mode: 'pipe', limits },
    { signal: never(), onProgress: (progress) => heard.push(progress), ...more },
  );
  const failure = dialogueFailure(result, { step: 'step', title: 'title', prompts });
  return JSON.stringify({ result, failure, heard });
}

function keeps(t: ExecutionContext, secret: string, all: string, least = 6): void {
  for (let at = 0; at + least <= secret.length; at += 1) {
    const part = JSON.stringify(secret.slice(at, at + least)).slice(1, -1);
    t.false(all.includes(part), `${part} in ${all.slice(0, 2000)}`);
  }
  t.true(all.includes('[redacted]'), all.slice(0, 2000));
}

/** Hears the secret and says it again: as it is, on both streams, and never ends by itself. */
const echo =
  (again: (answer: string) => { out?: string | Buffer; err?: string | Buffer }): Script =>
  async (io) => {
    io.out('Token: ');
    const { out, err } = again(await io.read());
    if (out !== undefined) io.out(out);
    if (err !== undefined) io.err(err);
    return 3;
  };

const SECRET = 'abcdefghijklmnopqrstuvwxyz';

test('in reason, seen, last lines, transcript and progress there is none', async (t) => {
  keeps(
    t,
    SECRET,
    await told(
      SECRET,
      echo((answer) => ({ out: `${answer}\nis ${answer}: `, err: `no ${answer}` })),
    ),
  );
  const asksOn: Script = async (io) => {
    io.out('Token: ');
    io.out(`\nIs ${await io.read()} right? `);
    return io.forever();
  };
  keeps(t, SECRET, await told(SECRET, asksOn, { prompt: { ...token(SECRET), times: 2 } }));
});

test('a rejected one is not in the reason either', async (t) => {
  const rejects: Script = async (io) => {
    io.out('Token: ');
    io.err(`${await io.read()} is no token\n`);
    io.out('Token: ');
    return io.forever();
  };
  const all = await told(SECRET, rejects);
  keeps(t, SECRET, all);
  t.regex(all, /prompt-repeated/);
});

test('one that has characters of several bytes', async (t) => {
  const secret = 'päßwörter für Köln 🚀🚀';
  keeps(
    t,
    secret,
    await told(
      secret,
      echo((answer) => ({ out: `${answer}\n`, err: answer })),
    ),
  );
});

test('one that stands where a line is cut', async (t) => {
  for (const before of [480, 490, 8180, 16_380]) {
    const line = `${'x'.repeat(before)}${SECRET}${'y'.repeat(495)}`;
    keeps(
      t,
      SECRET,
      await told(
        SECRET,
        echo(() => ({ out: `${line}\n`, err: `${line}\n${line}` })),
      ),
    );
  }
});

test('one of which only the beginning had come when the dialogue ended', async (t) => {
  const half: Script = async (io) => {
    io.out('Token: ');
    io.out(`it is ${(await io.read()).slice(0, 20)}`);
    return 1;
  };
  keeps(t, SECRET.slice(0, 20), await told(SECRET, half));
});

test('one that has another in it, whichever was told first', async (t) => {
  for (const secrets of [
    [SECRET, SECRET.slice(5, 12)],
    [SECRET.slice(5, 12), SECRET],
  ]) {
    const all = await told(
      '',
      echo(() => ({ out: `${SECRET}\n`, err: SECRET })),
      {
        secrets,
        prompt: { ...token('none'), secret: false },
      },
    );
    keeps(t, SECRET, all, 5);
  }
});

test("a secret of the run's in an answer that is none", async (t) => {
  const all = await told(
    '',
    echo(() => ({})),
    {
      secrets: [SECRET],
      prompt: { ...token(`--token=${SECRET}`), secret: false },
    },
  );
  const [said] = /"who":"answer","text":"[^"]*"/.exec(all) ?? [''];
  t.true(said.includes('--token=[redacted]'), said);
});
