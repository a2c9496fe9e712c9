import test from 'ava';
import { renderAnswer, unknownAnswerValues } from '../../../src/scenario/answer-values.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';

const SCENARIO = sampleScenario({ features: ['network', 'dns'] });

for (const [answer, given] of [
  ['', ''],
  ['{{ features }}', 'network,dns'],
  ['{{features}}', 'network,dns'],
  ['{{ network.pods }} {{ network.services }}', '10.1.0.0/16,fd01::/108 10.152.183.0/24,fd98::/108'],
  ['{ network.pods }', '{ network.pods }'],
  ['$& $1 {{ features }}', '$& $1 network,dns'],
] as const) {
  test(`an answer is given what the scenario has: ${answer}`, (t) => {
    t.is(renderAnswer(answer, SCENARIO), given);
    t.deepEqual(unknownAnswerValues(answer), []);
  });
}

test('features that are not written leave the answer to the program', (t) => {
  t.is(renderAnswer('{{ features }}', sampleScenario()), '');
});

test('what stands for nothing is named', (t) => {
  t.deepEqual(unknownAnswerValues('{{ a }} {{ features }} {{toString}}'), ['a', 'toString']);
});
