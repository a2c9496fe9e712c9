import type { DialogueLimits, DialogueOutcome, DialoguePrompt } from '../../../src/dialogue/dialogue.ts';
import type { Script, ScriptedIo } from '../../support/scripted-program.ts';

export const FEATURES =
  'Which features would you like to enable? (network, dns, gateway, ingress, local-storage, load-balancer) [network, dns, gateway, local-storage]: ';
export const PODS = 'Please set the Pod CIDR: [10.1.0.0/16]: ';
export const SERVICES = 'Please set the Service CIDR: [10.152.183.0/24]: ';

const prompt = (name: string, pattern: RegExp, answer: string): DialoguePrompt => ({
  name,
  pattern: pattern.source,
  answer,
  secret: false,
  optional: false,
  times: 1,
});

/** The three questions of `k8s bootstrap --interactive`, as the fixture of the real program has them. */
export const THREE_PROMPTS: readonly DialoguePrompt[] = [
  prompt('features', /^Which features would you like to enable\?.*: $/, 'network, dns'),
  prompt('pod-cidr', /^Please set the Pod CIDR:.*: $/, '10.1.0.0/16,fd01::/108'),
  prompt('service-cidr', /^Please set the Service CIDR:.*: $/, '10.152.183.0/24,fd98::/108'),
];

/** A program that behaves badly, or only oddly, and the one outcome that is right for it. */
export interface HostileProgram {
  readonly name: string;
  readonly script: Script;
  readonly outcome: DialogueOutcome;
  /** What the reason or the last lines must hold. */
  readonly told?: RegExp;
  readonly prompt?: string | null;
  readonly prompts?: readonly DialoguePrompt[];
  readonly limits?: Partial<DialogueLimits>;
}

async function ask(io: ScriptedIo, ...questions: string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const question of questions) {
    io.out(question);
    answers.push(await io.read());
  }
  return answers;
}

async function slowly(io: ScriptedIo, text: string | Buffer, piece: number, ms: number): Promise<void> {
  for (let at = 0; at < text.length; at += piece) {
    io.out(text.slice(at, at + piece));
    await io.pause(ms);
  }
}

/** Answers all three, and whatever is between them. */
const through =
  (before: (io: ScriptedIo, question: string) => Promise<void> | void, status = 0): Script =>
  async (io) => {
    for (const question of [FEATURES, PODS, SERVICES]) {
      await before(io, question);
      await io.read();
    }
    io.out('Bootstrapped a new Kubernetes cluster with node address "127.0.0.1:6400".\n');
    return status;
  };

const three = [FEATURES, PODS, SERVICES] as const;

export const HOSTILE_PROGRAMS: readonly HostileProgram[] = [
  // Odd, and fine.
  { name: 'the real dialogue', outcome: 'answered', script: through((io, question) => io.out(question)) },
  {
    name: 'prompts cut into single bytes',
    outcome: 'answered',
    script: through((io, question) => slowly(io, question, 1, 0)),
  },
  {
    name: 'prompts cut into pieces with pauses below the settling time',
    outcome: 'answered',
    script: through((io, question) => slowly(io, question, 40, 5)),
  },
  {
    name: 'a stderr storm around each prompt',
    outcome: 'answered',
    script: through(async (io, question) => {
      for (let line = 0; line < 50; line += 1) io.err(`warning ${line}: the lxc profile might be missing.\n`);
      io.out(question.slice(0, 20));
      for (let line = 0; line < 50; line += 1) io.err('warning: again\n');
      io.out(question.slice(20));
      await io.pause(1);
      io.err('and after it\n');
    }),
  },
  {
    name: 'a prompt that stands on stderr too',
    outcome: 'answered',
    script: through((io, question) => {
      io.err(question);
      io.out(question);
    }),
  },
  {
    name: 'colours within the prompt',
    outcome: 'answered',
    script: through((io, question) => io.out(`\u001b[1m\u001b[32m${question}\u001b[0m`)),
  },
  {
    name: 'an escape code torn at each of its bytes',
    outcome: 'answered',
    script: through((io, question) => slowly(io, `\u001b[38;5;214m${question}\u001b[0m`, 3, 0)),
  },
  {
    name: 'a title for the terminal',
    outcome: 'answered',
    script: through((io, question) => io.out(`\u001b]0;k8s bootstrap: \u0007${question}`)),
  },
  {
    name: 'progress with carriage returns before each prompt',
    outcome: 'answered',
    script: through((io, question) => {
      for (let percent = 0; percent <= 100; percent += 10) io.out(`\rloading ${percent} %`);
      io.out(`\r${question}`);
    }),
  },
  {
    name: 'lines that end in CR LF, as a terminal has them',
    outcome: 'answered',
    script: through((io, question) => io.out(`one\r\ntwo\r\n${question}`)),
  },
  {
    name: 'an echo of each answer, as a terminal has it',
    outcome: 'answered',
    script: async (io) => {
      for (const question of three) {
        io.out(question);
        io.out(`${await io.read()}\r\n`);
      }
      return 0;
    },
  },
  {
    name: 'characters of several bytes, torn',
    outcome: 'answered',
    script: through((io, question) =>
      slowly(io, Buffer.from(`Grüße aus Köln 🚀 — ${question}`.replace('🚀 — ', '🚀\n')), 1, 0),
    ),
  },
  {
    name: 'bytes that are no UTF-8',
    outcome: 'answered',
    script: through((io, question) => {
      io.out(Buffer.from([0xff, 0xfe, 0xc3, 0x0a]));
      io.out(question);
    }),
  },
  {
    name: 'NUL bytes and bells',
    outcome: 'answered',
    script: through((io, question) => io.out(`\u0000\u0007\n${question}`)),
  },
  {
    name: 'a very long line before the prompt',
    outcome: 'answered',
    script: through((io, question) => io.out(`${'x'.repeat(20_000)}\n${question}`)),
  },
  {
    name: 'a line that quotes a prompt and ends',
    outcome: 'answered',
    script: through((io, question) => io.out(`the next question is\n${PODS}\n${question}`)),
  },
  {
    name: 'a drip of dots before the first prompt',
    outcome: 'answered',
    script: async (io) => {
      await slowly(io, '..........\n', 1, 20);
      await ask(io, ...three);
      return 0;
    },
  },
  {
    name: 'much output after the last answer, below the limits',
    outcome: 'answered',
    script: async (io) => {
      await ask(io, ...three);
      for (let line = 0; line < 500; line += 1) io.out(`pulling layer ${line}\n`);
      return 0;
    },
  },
  {
    name: 'an open line after the last answer',
    outcome: 'answered',
    script: async (io) => {
      await ask(io, ...three);
      io.out('Waiting for the node: ');
      await io.pause(200);
      return 0;
    },
  },
  {
    name: 'JSON behind the last prompt, on its line',
    outcome: 'answered',
    script: async (io) => {
      await ask(io, ...three);
      io.out('{"node":{"name":"a","address":"127.0.0.1:6400"}}\n');
      return 0;
    },
  },
  {
    name: 'an optional prompt that does not come',
    outcome: 'answered',
    prompts: [
      ...THREE_PROMPTS.slice(0, 1),
      { ...prompt('proxy', /^Proxy: $/, ''), optional: true },
      ...THREE_PROMPTS.slice(1),
    ],
    script: through((io, question) => io.out(question)),
  },
  {
    name: 'an optional prompt that comes',
    outcome: 'answered',
    prompts: [
      ...THREE_PROMPTS.slice(0, 1),
      { ...prompt('proxy', /^Proxy: $/, ''), optional: true },
      ...THREE_PROMPTS.slice(1),
    ],
    script: async (io) => {
      await ask(io, FEATURES, 'Proxy: ', PODS, SERVICES);
      return 0;
    },
  },
  {
    name: 'a prompt that may be asked three times',
    outcome: 'answered',
    prompts: [{ ...prompt('join', /^Join another\? $/, 'no'), times: 3 }],
    script: async (io) => {
      await ask(io, 'Join another? ', 'Join another? ', 'Join another? ');
      return 0;
    },
  },
  // Bad.
  {
    name: 'a prompt that may be asked three times, asked four times',
    outcome: 'prompt-repeated',
    prompt: 'join',
    prompts: [{ ...prompt('join', /^Join another\? $/, 'no'), times: 3 }],
    script: async (io) => {
      for (;;) await ask(io, 'Join another? ');
    },
  },
  {
    name: 'a rejected answer, the reason after the prompt',
    outcome: 'prompt-repeated',
    prompt: 'features',
    told: /"foo" is not a valid option/,
    script: async (io) => {
      await ask(io, FEATURES);
      io.out(FEATURES);
      await io.pause(30);
      io.err('  "foo" is not a valid option.\n');
      return io.forever();
    },
  },
  {
    name: 'a rejected answer, the reason before the prompt and without a line end',
    outcome: 'prompt-repeated',
    prompt: 'features',
    told: /"dns\\r" is not a valid option/,
    script: async (io) => {
      await ask(io, FEATURES);
      io.err('  "dns\\r" is not a valid option.');
      io.out(FEATURES);
      return io.forever();
    },
  },
  {
    name: 'a flood of the first prompt',
    outcome: 'flood',
    script: async (io) => {
      for (;;) {
        io.out(FEATURES.repeat(50));
        await io.pause(0);
      }
    },
  },
  {
    name: 'a flood of the second prompt after the first answer',
    outcome: 'flood',
    prompt: 'pod-cidr',
    script: async (io) => {
      await ask(io, FEATURES);
      for (;;) {
        io.out(PODS.repeat(100));
        await io.pause(0);
      }
    },
  },
  {
    name: 'a flood on stderr',
    outcome: 'flood',
    script: async (io) => {
      for (;;) {
        io.err('E0101 something is wrong\n'.repeat(200));
        await io.pause(0);
      }
    },
  },
  {
    name: 'a flood of empty lines',
    outcome: 'flood',
    script: async (io) => {
      for (;;) {
        io.out('\n'.repeat(8192));
        await io.pause(0);
      }
    },
  },
  {
    name: 'a flood in one line without an end',
    outcome: 'flood',
    script: async (io) => {
      for (;;) {
        io.out('x'.repeat(8192));
        await io.pause(0);
      }
    },
  },
  {
    name: 'a flood of escape codes',
    outcome: 'flood',
    script: async (io) => {
      for (;;) {
        io.out('\u001b[1m'.repeat(2048));
        await io.pause(0);
      }
    },
  },
  {
    name: 'a flood of begun escape codes',
    outcome: 'flood',
    script: async (io) => {
      for (;;) {
        io.out('\u001b]0;'.repeat(2048));
        await io.pause(0);
      }
    },
  },
  {
    name: 'a flood after the last answer',
    outcome: 'flood',
    prompt: null,
    script: async (io) => {
      await ask(io, ...three);
      for (;;) {
        io.out('trace: retrying\n'.repeat(4000));
        await io.pause(0);
      }
    },
  },
  {
    name: 'many lines, and no prompt',
    outcome: 'prompt-never-came',
    prompt: 'features',
    script: async (io) => {
      for (;;) {
        io.out('still starting\n');
        await io.pause(20);
      }
    },
  },
  {
    name: 'a slow drip that never is a prompt',
    outcome: 'prompt-never-came',
    prompt: 'features',
    script: async (io) => {
      for (;;) {
        io.out('.');
        await io.pause(20);
      }
    },
  },
  {
    name: 'a drip on stderr alone, and no prompt',
    outcome: 'prompt-never-came',
    prompt: 'features',
    script: async (io) => {
      for (;;) {
        io.err('.');
        await io.pause(20);
      }
    },
  },
  {
    name: 'a prompt that drips for ever, and is never whole',
    outcome: 'prompt-never-came',
    prompt: 'pod-cidr',
    script: async (io) => {
      await ask(io, FEATURES);
      for (;;) {
        io.out(`${PODS}\r`);
        await io.pause(10);
        io.out('Please set');
        await io.pause(10);
      }
    },
  },
  {
    name: 'never much at once, and too much in all',
    outcome: 'flood',
    told: /more than 65536 bytes$/m,
    limits: { totalBytes: 64 * 1024 },
    script: async (io) => {
      for (;;) {
        io.out('still starting\n'.repeat(800));
        await io.pause(80);
      }
    },
  },
  {
    name: 'a later prompt in the place of the next',
    outcome: 'prompt-never-came',
    prompt: 'pod-cidr',
    told: /service-cidr/,
    script: async (io) => {
      await ask(io, FEATURES);
      io.out(SERVICES);
      return io.forever();
    },
  },
  {
    name: 'a question that nobody knows',
    outcome: 'unknown-prompt',
    prompt: 'features',
    script: async (io) => {
      io.out('Do you accept the licence? [y/N]: ');
      return io.forever();
    },
  },
  {
    name: 'a question that nobody knows, between two that are known',
    outcome: 'unknown-prompt',
    prompt: 'pod-cidr',
    script: async (io) => {
      await ask(io, FEATURES);
      io.out('Datastore? ');
      return io.forever();
    },
  },
  {
    name: 'a known question in new words',
    outcome: 'unknown-prompt',
    prompt: 'pod-cidr',
    script: async (io) => {
      await ask(io, FEATURES);
      io.out('Pod network range [10.1.0.0/16]> ');
      return io.forever();
    },
  },
  {
    name: 'an unknown question in a stderr drip',
    outcome: 'unknown-prompt',
    script: async (io) => {
      io.out('Password: ');
      for (;;) {
        io.err('waiting\n');
        await io.pause(30);
      }
    },
  },
  { name: 'silence from the start', outcome: 'silence', prompt: 'features', script: (io) => io.forever() },
  {
    name: 'silence after the first answer',
    outcome: 'silence',
    prompt: 'pod-cidr',
    script: async (io) => {
      await ask(io, FEATURES);
      return io.forever();
    },
  },
  {
    name: 'silence in the midst of a prompt',
    outcome: 'silence',
    script: async (io) => {
      io.out(FEATURES.slice(0, 30));
      return io.forever();
    },
  },
  {
    name: 'silence in the midst of a character',
    outcome: 'silence',
    script: async (io) => {
      io.out(Buffer.from('ü').subarray(0, 1));
      return io.forever();
    },
  },
  {
    name: 'an end before the first prompt',
    outcome: 'ended-early',
    prompt: 'features',
    told: /Failed to check the current node status/,
    script: async (io) => {
      io.err('Error: Failed to check the current node status.\n');
      return Promise.resolve(1);
    },
  },
  {
    name: 'an end with 0 before the first prompt',
    outcome: 'ended-early',
    prompt: 'features',
    script: () => Promise.resolve(0),
  },
  {
    name: 'an end right behind a prompt',
    outcome: 'ended-early',
    prompt: 'features',
    script: async (io) => {
      io.out(FEATURES);
      return Promise.resolve(2);
    },
  },
  {
    name: 'an end between two prompts',
    outcome: 'ended-early',
    prompt: 'pod-cidr',
    script: async (io) => {
      await ask(io, FEATURES);
      return 1;
    },
  },
  {
    name: 'a refusal after the last answer, without a line end',
    outcome: 'failed',
    prompt: null,
    told: /Bootstrap config verification failed: invalid cluster configuration/,
    script: async (io) => {
      await ask(io, ...three);
      io.err('Bootstrap config verification failed: invalid cluster configuration: overlap');
      return 1;
    },
  },
  {
    name: 'no end after the last answer',
    outcome: 'still-running',
    prompt: null,
    script: async (io) => {
      await ask(io, ...three);
      return io.forever();
    },
  },
  {
    name: 'no end after the last answer, and always something to say',
    outcome: 'still-running',
    prompt: null,
    script: async (io) => {
      await ask(io, ...three);
      for (;;) {
        io.out('not ready yet\n');
        await io.pause(20);
      }
    },
  },
  {
    name: 'the first prompt again after the last answer',
    outcome: 'prompt-repeated',
    prompt: 'features',
    script: async (io) => {
      await ask(io, ...three, FEATURES);
      return 0;
    },
  },
];
