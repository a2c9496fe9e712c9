import test from 'ava';
import { answerProgram } from '../../../src/dialogue/answer-program.ts';
import { bootstrapDialogue } from '../../../src/distributions/k8s-snap-dialogue.ts';
import { dialogueFailure } from '../../../src/run/dialogue-failure.ts';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { ScriptedProgram } from '../../support/scripted-program.ts';
import type { Dialogue } from '../../../src/dialogue/dialogue.ts';

// How the program was observed to ask.
const FEATURES =
  'Which features would you like to enable? (network, dns, gateway, ingress, local-storage, load-balancer) ' +
  '[network, dns, gateway, local-storage]: ';
const asksFor = (kind: string, standard: string): string => `Please set the ${kind} CIDR: [${standard}]: `;
const OBSERVED = [FEATURES, asksFor('Pod', '10.1.0.0/16'), asksFor('Service', '10.152.183.0/24')];

function dialogueOf(text: string): Dialogue {
  const { scenario, problems } = parseScenario(
    `name: x\nbinary: ./k8s\ndistribution: { name: k8s-snap }\nbootstrap: interactive\n${text}`,
    'x.yaml',
  );
  if (scenario === null) throw new Error(JSON.stringify(problems));
  return bootstrapDialogue(scenario);
}

/** What the dialogue of a scenario says to each question; null where it does not know the question. */
function answers(text: string, questions = OBSERVED): (string | null)[] {
  const { prompts } = dialogueOf(text);
  return questions.map((question, index) => {
    const prompt = prompts[index];
    return prompt !== undefined && new RegExp(prompt.pattern, 'u').test(question) ? prompt.answer : null;
  });
}

const V4 = 'network: { families: [IPv4] }';

test('single-stack IPv4 by default: three empty lines', (t) => {
  t.deepEqual(answers(V4), ['', '', '']);
});

test('what is written is answered in full, also where it is what the program would take anyway', (t) => {
  t.deepEqual(
    answers(
      'features: [network, dns]\nnetwork: { families: [IPv4], pods: [10.1.0.0/16], services: [10.152.183.0/24] }',
    ),
    ['network,dns', '10.1.0.0/16', '10.152.183.0/24'],
  );
  t.deepEqual(answers('network: { families: [IPv4], pods: [10.5.0.0/16] }'), ['', '10.5.0.0/16', '']);
});

test('dual-stack, IPv6 first or IPv6 alone: the program has no default that serves, so ranges are answered', (t) => {
  t.deepEqual(answers(''), ['', '10.1.0.0/16,fd01::/108', '10.152.183.0/24,fd98::/108']);
  t.deepEqual(answers('network: { primaryFamily: IPv6 }'), [
    '',
    'fd01::/108,10.1.0.0/16',
    'fd98::/108,10.152.183.0/24',
  ]);
  t.deepEqual(answers('network: { families: [IPv6] }'), ['', 'fd01::/108', 'fd98::/108']);
});

test('an empty line counts on a default, so a release with another one is a prompt that is not known', (t) => {
  const other = [FEATURES, asksFor('Pod', '10.2.0.0/16'), asksFor('Service', '10.152.183.0/16')];
  t.deepEqual(answers(V4, other), ['', null, null]);
  const nearly = [FEATURES, asksFor('Pod', '10x1.0.0/16'), asksFor('Service', '110.152.183.0/24')];
  t.deepEqual(answers(V4, nearly), ['', null, null]);
  t.deepEqual(
    answers('network: { families: [IPv4], pods: [10.5.0.0/16], services: [10.6.0.0/16] }', other),
    ['', '10.5.0.0/16', '10.6.0.0/16'],
    'written ranges need no default',
  );
});

test('such a release is not answered: what it asked is told beside what was expected', async (t) => {
  const program = new ScriptedProgram(async (io) => {
    io.out(FEATURES);
    await io.read();
    io.out(asksFor('Pod', '10.2.0.0/16'));
    return io.forever();
  });
  const dialogue = dialogueOf(V4);
  const result = await answerProgram(
    program,
    { ...dialogue, limits: { ...dialogue.limits, unknownPromptMs: 300 } },
    { signal: new AbortController().signal },
  );
  t.is(result.outcome, 'unknown-prompt');
  const place = { step: 'bootstrap/init', title: 'k8s bootstrap', prompts: dialogue.prompts };
  const { message } = dialogueFailure(result, place) ?? { message: '' };
  t.true(message.includes('seen      "Please set the Pod CIDR: [10.2.0.0/16]: "'), message);
  t.true(message.includes('expected  /^Please set the Pod CIDR: \\[10\\.1\\.0\\.0/16\\]: $/'), message);
  t.deepEqual(
    program.heard.map(({ text }) => text),
    ['\n'],
    'the features, and nothing else',
  );
});

test('a text that is no question of the program is none of its prompts', (t) => {
  const others = [
    FEATURES.trimEnd(),
    `${asksFor('Pod', '10.1.0.0/16')}10`,
    asksFor('Cluster', '10.152.183.0/24'),
  ];
  t.deepEqual(answers('', others), [null, null, null]);
});
