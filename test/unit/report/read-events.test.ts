import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import type { z } from 'zod';
import { foldEvents } from '../../../src/report/fold-events.ts';
import { parseEvents } from '../../../src/report/read-events.ts';
import type { StoredEvent } from '../../../src/run/event.ts';
import type { runEventSchema } from '../../../src/run/event-schema.ts';
import { FailureError } from '../../../src/run/failure.ts';
import {
  failedCheckRun,
  failedLaunchRun,
  interruptedRun,
  passedRun,
  RUN_ID,
  runStarted,
} from './recorded-run.ts';

/** Compiles only while every event that can be told is one of the schema; the other direction is in the schema itself. */
const asWritten = (event: StoredEvent): z.infer<typeof runEventSchema> => event;

const toLines = (events: readonly StoredEvent[]): string =>
  events.map((event) => `${JSON.stringify(asWritten(event))}\n`).join('');

const everything = [...passedRun(), ...failedCheckRun(), ...failedLaunchRun(), ...interruptedRun()];

test('what is written is read', (t) => {
  t.deepEqual(parseEvents(toLines(everything), 'events.jsonl'), everything);
});

test('each line is one of the schema for others', async (t) => {
  const file = new URL('../../../schemas/event.schema.json', import.meta.url);
  const schema = JSON.parse(await readFile(file, 'utf8')) as object;
  const validate = new Ajv2020({ strict: false }).compile(schema);
  for (const event of everything) t.true(validate(event), JSON.stringify(validate.errors));
  t.false(validate({ at: 'now', runId: 'x', type: 'nothing' }));
});

test('a last line that was cut off is left out, wherever it was cut', (t) => {
  const events = passedRun().slice(0, 4);
  const whole = toLines(events);
  const last = toLines(events.slice(-1));
  for (const cut of [1, 10, last.length - 2, last.length - 1]) {
    t.deepEqual(parseEvents(whole.slice(0, whole.length - cut), 'f'), events.slice(0, -1), String(cut));
  }
  t.deepEqual(parseEvents('', 'f'), []);
});

test('any other line that is no event is named', (t) => {
  const [first, second] = toLines(passedRun().slice(0, 2)).split('\n');
  for (const [bad, said] of [
    ['{"at":', /^f:2 is not an event: it is not JSON/],
    ['', /^f:2 is not an event: it is not JSON/],
    ['{"at":"x","runId":"y","type":"notice"}', /^f:2 is not an event: level/],
    ['[]', /^f:2 is not an event/],
  ] as const) {
    const error = t.throws(() => parseEvents(`${first}\n${bad}\n${second}\n`, 'f'), {
      instanceOf: FailureError,
    });
    t.regex(error.message, said);
    t.is(error.failure.class, 'usage');
  }
});

test('kinds of events that a later version tells are passed over', (t) => {
  const later = JSON.stringify({ at: 'x', runId: RUN_ID, type: 'weather', sky: 'blue' });
  t.deepEqual(parseEvents(`${later}\n${toLines(passedRun())}`, 'f'), passedRun());
});

test('a run that was killed is told as far as it went', (t) => {
  const request = {
    version: '0.1.0',
    sha256: 'ab'.repeat(32),
    families: ['ipv4', 'ipv6'],
    pods: ['10.1.0.0/16', 'fd01::/108'],
    services: ['10.152.183.0/24', 'fd98::/108'],
    distribution: { name: 'kubeadm', version: '1.36.3' },
    checks: ['service/x/ipv4/from-node'],
  } as const;
  const events = [{ ...runStarted(), request }, ...passedRun().slice(1, 12)];
  const known = { runId: RUN_ID, startedAt: '2026-03-04T05:06:07.000Z', cleanup: null, provider: 'lxd' };
  const report = foldEvents(events, known);
  t.like(report, {
    outcome: 'error',
    families: ['ipv4', 'ipv6'],
    ranges: { pods: request.pods, services: request.services, nodes: [] },
    scenario: { name: 'quickstart', sha256: request.sha256 },
    cleanup: { outcome: 'incomplete' },
  });
  t.deepEqual(
    report.checks.map(({ id, outcome }) => [id, outcome]),
    [['service/x/ipv4/from-node', 'not-reached']],
  );
  const removed = foldEvents(events, { ...known, cleanup: { outcome: 'complete', leaked: [] } });
  t.is(removed.cleanup.outcome, 'complete');
});
