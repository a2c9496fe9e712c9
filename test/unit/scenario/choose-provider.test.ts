import test from 'ava';
import {
  chooseProvider,
  describeDecision,
  type Candidate,
  type CandidateState,
} from '../../../src/scenario/choose-provider.ts';

const READY: CandidateState = { is: 'ready' };
const REFUSED: CandidateState = { is: 'refused', why: 'kind runs kubeadm only' };
const MISSING: CandidateState = {
  is: 'not-ready',
  why: 'not installed',
  remedy: 'install it',
  fixable: true,
};
const BROKEN: CandidateState = { is: 'not-ready', why: 'it hangs', remedy: 'restart it', fixable: false };

const of = (lxd: CandidateState, incus: CandidateState, kind: CandidateState): Candidate[] => [
  { provider: 'lxd', state: lxd },
  { provider: 'incus', state: incus },
  { provider: 'kind', state: kind },
];

for (const { title, candidates, maySetUp, chosen, not } of [
  { title: 'all are ready', candidates: of(READY, READY, READY), maySetUp: true, chosen: 'lxd', not: [] },
  {
    title: 'the first is not, and another is',
    candidates: of(MISSING, READY, READY),
    maySetUp: true,
    chosen: 'incus',
    not: ['lxd'],
  },
  {
    title: 'only the last is',
    candidates: of(BROKEN, MISSING, READY),
    maySetUp: false,
    chosen: 'kind',
    not: ['lxd', 'incus'],
  },
  {
    title: 'none is, and two can be set up',
    candidates: of(BROKEN, MISSING, MISSING),
    maySetUp: true,
    chosen: 'incus',
    not: ['lxd'],
  },
  {
    title: 'none is, and nothing may be set up',
    candidates: of(MISSING, MISSING, REFUSED),
    maySetUp: false,
    chosen: null,
    not: ['lxd', 'incus', 'kind'],
  },
  {
    title: 'none is, and nothing can be set up',
    candidates: of(BROKEN, BROKEN, REFUSED),
    maySetUp: true,
    chosen: null,
    not: ['lxd', 'incus', 'kind'],
  },
  { title: 'there is none at all', candidates: [], maySetUp: true, chosen: null, not: [] },
] as const) {
  test(`${title}: ${chosen ?? 'none'} is chosen, and why not each before it is told`, (t) => {
    const decision = chooseProvider(candidates, { maySetUp });
    t.is(decision.chosen, chosen);
    t.deepEqual(
      decision.passedOver.map(({ provider }) => provider),
      [...not],
    );
  });
}

test('a decision is a line that names what was passed over, and why', (t) => {
  t.is(
    describeDecision(chooseProvider(of(BROKEN, READY, READY), { maySetUp: false })),
    'provider auto is incus (the first that is ready); not lxd: it hangs',
  );
  t.is(
    describeDecision(chooseProvider(of(BROKEN, MISSING, REFUSED), { maySetUp: false })),
    'provider auto is none; not lxd: it hangs; not incus: not installed; not kind: kind runs kubeadm only',
  );
});
