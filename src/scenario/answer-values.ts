import type { Scenario } from './scenario.ts';

/** What an answer of a dialogue may ask for, as `{{ name }}`. */
export const ANSWER_VALUES = ['features', 'network.pods', 'network.services'] as const;

/** Names between double braces, with or without spaces. */
const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** The names in an answer that stand for nothing. */
export function unknownAnswerValues(answer: string): string[] {
  const known: readonly string[] = ANSWER_VALUES;
  return [...answer.matchAll(PLACEHOLDER)].flatMap(([, name = '']) => (known.includes(name) ? [] : [name]));
}

/** An answer as it is given: lists with a comma between their parts, as programs take them. */
export function renderAnswer(answer: string, { features, network }: Scenario): string {
  const values: Readonly<Record<(typeof ANSWER_VALUES)[number], string>> = {
    features: (features ?? []).join(','),
    'network.pods': network.pods.join(','),
    'network.services': network.services.join(','),
  };
  return answer.replace(PLACEHOLDER, (whole, name: keyof typeof values) => values[name] ?? whole);
}
