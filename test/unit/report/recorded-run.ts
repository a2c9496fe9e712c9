import type { CheckResult } from '../../../src/checks/check.ts';
import type { ReportFacts } from '../../../src/report/assemble-report.ts';
import type { PhaseName, StoredEvent, StepInfo } from '../../../src/run/event.ts';
import type { Failure } from '../../../src/run/failure.ts';

/** Runs as lists of events, for tests of what reads events. Times are made up and add up. */

export const RUN_ID = 'k7f3q2';
const STARTED = Date.parse('2026-03-04T05:06:07.000Z');

/** An event without what all events have. */
type Told<E> = E extends unknown ? Omit<E, 'at' | 'runId'> : never;
export type ToldEvent = Told<StoredEvent>;

/** Milliseconds after the start, and what was told then. */
export function at(ms: number, event: ToldEvent): StoredEvent {
  return { at: new Date(STARTED + ms).toISOString(), runId: RUN_ID, ...event };
}

export function step(phase: PhaseName, id: string, title: string): StepInfo {
  return { phase, id, title };
}

export const STEPS: readonly StepInfo[] = [
  step('image', 'image', 'node image for Kubernetes 1.36.3'),
  step('launch', 'start-control-plane-1', 'start ts-k7f3q2-control-plane-1'),
  step('launch', 'start-worker-1', 'start ts-k7f3q2-worker-1'),
  step('bootstrap', 'kubeadm-init', 'kubeadm init on ts-k7f3q2-control-plane-1'),
  step('join', 'join-worker-1', 'join ts-k7f3q2-worker-1'),
  step('apply', 'apply-nginxdualstack', 'apply nginxdualstack'),
  step('verify', 'verify', 'run 4 checks'),
  step('cleanup', 'cleanup', 'remove what the run created'),
];

export const V4_SERVICE = 'service/nginx-dualstack/ipv4/from-node';
export const V6_SERVICE = 'service/nginx-dualstack/ipv6/from-node';
export const POD_TO_POD = 'pod/across-nodes/ipv6/no-nat';
export const NODE_RANGES = 'node/pod-ranges/both/api';
export const CHECK_IDS = [NODE_RANGES, V4_SERVICE, V6_SERVICE, POD_TO_POD];

export function check(id: string, change: Partial<CheckResult> = {}): CheckResult {
  return { id, outcome: 'passed', reason: null, durationMs: 12, attempts: 1, evidence: null, ...change };
}

export function passedChecks(): CheckResult[] {
  return [
    check(NODE_RANGES, { durationMs: 31, evidence: { podCIDRs: ['10.1.0.0/24', 'fd01::/117'] } }),
    check(V4_SERVICE, {
      evidence: {
        url: 'http://10.152.183.20/',
        status: 200,
        body: '<h1>dual</h1>',
        clientAddress: '10.1.0.1',
      },
    }),
    check(V6_SERVICE, {
      evidence: { url: 'http://[fd98::eaf0]/', status: 200, body: '<h1>dual</h1>', clientAddress: 'fd01::1' },
    }),
    check(POD_TO_POD, {
      durationMs: 48,
      attempts: 2,
      evidence: { url: 'http://[fd01::800:4]:8080/', status: 200, clientAddress: 'fd01::5' },
    }),
  ];
}

export function runStarted(): StoredEvent & { type: 'run-started' } {
  const scenario = { name: 'quickstart', file: 'scenarios/quickstart.yaml' };
  return {
    at: at(0, { type: 'phase-started', phase: 'image' }).at,
    runId: RUN_ID,
    type: 'run-started',
    scenario,
    steps: STEPS,
  };
}

/** One step that is all of its phase. */
function phaseOfOne(from: number, to: number, stepInfo: StepInfo): StoredEvent[] {
  const durationMs = to - from;
  return [
    at(from, { type: 'phase-started', phase: stepInfo.phase }),
    at(from, { type: 'step-started', step: stepInfo }),
    at(to, { type: 'step-finished', step: stepInfo, outcome: 'passed', durationMs, message: null }),
    at(to, { type: 'phase-finished', phase: stepInfo.phase, durationMs }),
  ];
}

function known(id: string): StepInfo {
  const found = STEPS.find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no step ${id}`);
  return found;
}

/** Up to and with the application of the workload: 15.5 seconds. */
function upToVerify(): StoredEvent[] {
  const first = known('start-control-plane-1');
  const second = known('start-worker-1');
  return [
    runStarted(),
    ...phaseOfOne(100, 2300, known('image')),
    at(2300, { type: 'phase-started', phase: 'launch' }),
    at(2300, { type: 'step-started', step: first }),
    at(2310, { type: 'step-started', step: second }),
    at(3200, { type: 'step-finished', step: first, outcome: 'passed', durationMs: 900, message: null }),
    at(3400, { type: 'step-finished', step: second, outcome: 'passed', durationMs: 1090, message: null }),
    at(3400, { type: 'phase-finished', phase: 'launch', durationMs: 1100 }),
    ...phaseOfOne(3400, 11900, known('kubeadm-init')),
    at(11900, {
      type: 'notice',
      level: 'warning',
      message: 'pod range 10.1.0.0/16 is inside route 10.0.0.0/8',
    }),
    ...phaseOfOne(11900, 14900, known('join-worker-1')),
    ...phaseOfOne(14900, 15500, known('apply-nginxdualstack')),
  ];
}

function cleanup(from: number): StoredEvent[] {
  return phaseOfOne(from, from + 2000, known('cleanup'));
}

/** How a run ends: with clean-up of two seconds, which began at `from`. */
function finished(from: number, change: Partial<ToldEvent & { type: 'run-finished' }>): StoredEvent {
  return at(from + 2000, {
    type: 'run-finished',
    outcome: 'passed',
    exitCode: 0,
    failure: null,
    cleanup: { outcome: 'complete', leaked: [] },
    reportDir: 'reports/quickstart',
    timeToDualStackMs: null,
    families: ['ipv4', 'ipv6'],
    durationMs: from + 2000,
    ...change,
  });
}

/** A run whose verification gives these results. */
function verified(
  checks: readonly CheckResult[],
  change: Partial<ToldEvent & { type: 'run-finished' }>,
): StoredEvent[] {
  const verify = known('verify');
  const outcome = checks.some((result) => result.outcome === 'failed') ? 'failed' : 'passed';
  return [
    ...upToVerify(),
    at(15500, { type: 'phase-started', phase: 'verify' }),
    at(15500, { type: 'step-started', step: verify }),
    ...checks.map((result, index) => at(15600 + index * 100, { type: 'check-finished', check: result })),
    at(16500, { type: 'step-finished', step: verify, outcome, durationMs: 1000, message: null }),
    at(16500, { type: 'phase-finished', phase: 'verify', durationMs: 1000 }),
    ...cleanup(16500),
    finished(16500, change),
  ];
}

export function passedRun(): StoredEvent[] {
  return verified(passedChecks(), { timeToDualStackMs: 13900 });
}

/** A run whose first attempt failed in the launch and whose second one passed, 32.8 seconds later. */
export function retriedRun(): StoredEvent[] {
  const [, ...first] = failedLaunchRun();
  const failure = launchFailure();
  const failed = first.slice(
    0,
    first.findIndex((event) => 'phase' in event && event.phase === 'cleanup'),
  );
  const later = (event: StoredEvent): StoredEvent => ({
    ...event,
    at: new Date(Date.parse(event.at) + 32_800).toISOString(),
  });
  const [, ...second] = passedRun();
  const anew = second.slice(second.findIndex((event) => 'phase' in event && event.phase === 'launch'));
  return [
    runStarted(),
    ...failed,
    at(35_000, { type: 'attempt-failed', attempt: 1, of: 2, failure, durationMs: 32_700 }),
    at(35_000, { type: 'notice', level: 'warning', message: 'attempt 1 of 2 failed and is made anew' }),
    ...anew.map(later),
  ];
}

export function singleStackRun(): StoredEvent[] {
  const checks = [check(V6_SERVICE, { evidence: passedChecks()[2]?.evidence ?? null })];
  return verified(checks, { families: ['ipv6'] });
}

export function failedCheckRun(): StoredEvent[] {
  const checks = passedChecks().map((result) =>
    result.id === V6_SERVICE
      ? check(V6_SERVICE, {
          outcome: 'failed',
          reason: 'no answer from http://[fd98::eaf0]/ in 30 s',
          durationMs: 30000,
          attempts: 14,
          evidence: { url: 'http://[fd98::eaf0]/', error: 'connect timed out', clientAddress: null },
        })
      : result,
  );
  return verified(checks, { outcome: 'failed', exitCode: 1, failure: checkFailure() });
}

export function checkFailure(): Failure {
  return {
    class: 'check',
    step: 'verify',
    message: `check ${V6_SERVICE} failed: no answer from http://[fd98::eaf0]/ in 30 s`,
    hint: 'Keep the cluster with --keep on-failure, then `twinstack shell k7f3q2`.',
  };
}

export function launchFailure(): Failure {
  return {
    class: 'infrastructure',
    step: 'start-worker-1',
    message: 'instance ts-k7f3q2-worker-1 did not get an IPv6 address in 30 s',
    hint: 'See `twinstack doctor`.',
  };
}

export function failedLaunchRun(): StoredEvent[] {
  const second = known('start-worker-1');
  const { message } = launchFailure();
  return [
    ...upToVerify().slice(0, 8),
    at(33000, { type: 'step-finished', step: second, outcome: 'failed', durationMs: 30690, message }),
    at(33000, { type: 'phase-finished', phase: 'launch', durationMs: 30700 }),
    ...cleanup(33000),
    finished(33000, { outcome: 'error', exitCode: 4, failure: launchFailure() }),
  ];
}

/** Ended by SIGTERM while `kubeadm init` ran, its clean-up done but for a network. */
export function interruptedRun(): StoredEvent[] {
  const init = known('kubeadm-init');
  const failure: Failure = { class: 'interrupted', step: init.id, message: 'ended by SIGTERM', hint: null };
  return [
    ...upToVerify().slice(0, 13),
    at(6000, { type: 'interrupted', signal: 'SIGTERM' }),
    ...cleanup(6000),
    finished(6000, {
      outcome: 'aborted',
      exitCode: 143,
      failure,
      cleanup: { outcome: 'incomplete', leaked: [{ kind: 'network', name: 'ts-k7f3q2' }] },
    }),
  ];
}

export function facts(change: Partial<ReportFacts> = {}): ReportFacts {
  return {
    runId: RUN_ID,
    version: '0.1.0',
    startedAt: '2026-03-04T05:06:07.000Z',
    scenario: { name: 'quickstart', file: 'scenarios/quickstart.yaml', sha256: 'ab'.repeat(32) },
    provider: { name: 'lxd', version: '5.0.2' },
    distribution: { name: 'kubeadm', version: '1.36.3' },
    families: ['ipv4', 'ipv6'],
    ranges: {
      pods: ['10.1.0.0/16', 'fd01::/108'],
      services: ['10.152.183.0/24', 'fd98::/108'],
      nodes: ['10.88.0.0/24', 'fd42:88::/64'],
    },
    repeat: ['run', 'scenarios/quickstart.yaml', '--no-egress'],
    host: { cgroupVersion: 2, storageDriver: 'dir', engine: 'lxd 5.0.2' },
    image: {
      key: 'c0ffee',
      source: 'cached',
      workload: { image: 'twinstack/nginxdualstack:1', standIn: true },
    },
    nodes: [
      {
        name: 'ts-k7f3q2-control-plane-1',
        role: 'control-plane',
        addresses: ['10.88.0.11', 'fd42:88::11'],
        podCIDRs: ['10.1.0.0/24', 'fd01::/117'],
      },
      {
        name: 'ts-k7f3q2-worker-1',
        role: 'worker',
        addresses: ['10.88.0.12', 'fd42:88::12'],
        podCIDRs: ['10.1.1.0/24', 'fd01::800/117'],
      },
    ],
    setupMs: null,
    plannedChecks: CHECK_IDS,
    expect: 'passed',
    brokenRules: [],
    ending: null,
    ...change,
  };
}
