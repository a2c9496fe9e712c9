import test, { type ExecutionContext } from 'ava';
import { Journal } from '../../../src/run/journal.ts';
import { RunEvents } from '../../../src/run/run-events.ts';
import { runPlan, type PlanResult, type RunPlanContext } from '../../../src/run/run-plan.ts';
import { CommandError } from '../../../src/process/command-runner.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { InMemoryProvider } from '../../support/in-memory-provider.ts';
import { never } from '../../support/never.ts';
import { sampleOwner } from '../../support/owner.ts';
import { sampleInputs } from '../../../src/plan/sample-inputs.ts';
import { sampleScenario } from '../../support/sample-scenario.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { DIALOGUE_LIMITS } from '../../../src/dialogue/dialogue.ts';
import { ScriptedProgram } from '../../support/scripted-program.ts';
import { planOf } from '../providers/run-objects.ts';
import type { Action, Plan, Step } from '../../../src/plan/plan.ts';
import type { OwnTestEnd, OwnTests } from '../../../src/own-tests/own-test.ts';
import type { Program } from '../../support/in-memory-node.ts';

const RUN = 'k7f3q2';
const { specs, ranges } = planOf(RUN, { image: 'image', pool: 'pool' });
const [ACL] = specs;

const step = (id: string, needs: string[], ...actions: Action[]): Step => ({
  id,
  phase: 'launch',
  title: `do ${id}`,
  needs,
  actions,
});
const exec = (file: string, more: Partial<Extract<Action, { kind: 'exec' }>> = {}): Action => ({
  kind: 'exec',
  node: 'a',
  file,
  args: [],
  timeoutMs: 5000,
  ...more,
});

interface Scene extends RunPlanContext {
  readonly provider: InMemoryProvider;
}

function sceneOf(t: ExecutionContext, program: Program, signal = never()): Scene {
  return {
    provider: new InMemoryProvider(program),
    owner: sampleOwner(RUN),
    journal: new Journal(temporaryDirectory(t)),
    events: new RunEvents(RUN, []),
    values: new Map(),
    signal,
    onSecret: () => undefined,
    ownTests: { run: () => Promise.reject(new Error('this plan has no test')) },
    onKubeconfig: () => Promise.resolve(),
  };
}

function run(scene: Scene, steps: Step[]): Promise<PlanResult> {
  const checks = steps.flatMap(({ actions }) =>
    actions.flatMap((action) => (action.kind === 'check' ? [action.check] : [])),
  );
  const plan: Plan = {
    allocation: { runId: RUN, ranges },
    scenario: sampleScenario(),
    image: sampleInputs(sampleScenario(), RUN).image,
    nodes: [],
    steps,
    checks,
  };
  return runPlan(plan, scene);
}

const ok: Program = () => Promise.resolve({});
const untilAborted: Program = ({ signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

const outcomes = (scene: Scene): Record<string, string> =>
  Object.fromEntries(
    scene.events
      .all()
      .flatMap((event) =>
        event.type === 'step-finished'
          ? [[event.step.id, `${event.outcome} ${event.message ?? ''}`.trim()]]
          : [],
      ),
  );

test('a step starts when the steps that it needs are done, whatever their order', async (t) => {
  const started: string[] = [];
  const scene = sceneOf(t, ({ file }) => {
    started.push(file);
    return Promise.resolve({});
  });
  const steps = [
    step('one', [], exec('1')),
    step('two', ['one'], exec('2a'), exec('2b')),
    step('last', ['two', 'one'], exec('3')),
  ];
  t.is((await run(scene, steps)).failure, null);
  t.deepEqual(started, ['1', '2a', '2b', '3']);
});

test('what is created stands in the journal before the engine hears of it', async (t) => {
  const scene = sceneOf(t, ok);
  scene.provider.faults.arm('create', {
    effect: 'fail',
    error: new CommandError('no', { kind: 'exit', command: [] }),
  });
  const result = await run(scene, [step('net', [], { kind: 'create', resource: ACL })]);
  t.like(result.failure, { class: 'infrastructure', step: 'net' });
  t.deepEqual(scene.journal.remaining(), [{ kind: ACL.kind, name: ACL.name }]);
});

test('the first failure is the one that is reported, and stops what still runs', async (t) => {
  const scene = sceneOf(t, (call) =>
    call.file === 'fails' ? Promise.resolve({ exitCode: 1, stderr: 'out of luck' }) : untilAborted(call),
  );
  const steps = [
    step('waits', [], exec('waits')),
    step('breaks', [], exec('fails')),
    step('after', ['breaks'], exec('never')),
  ];
  const { failure, failedOutput } = await run(scene, steps);
  t.like(failure, { class: 'infrastructure', step: 'breaks' });
  t.regex(failure?.message ?? '', /do breaks: fails ended with status 1[^]*out of luck/);
  t.deepEqual(failedOutput?.step, 'breaks');
  t.regex(failedOutput?.output ?? '', /out of luck/);
  t.is(outcomes(scene).waits, 'failed stopped');
  t.false('after' in outcomes(scene), 'a step behind a failure is not reached');
});

test("a step's deadline is the infrastructure's failure and names the condition that was not met", async (t) => {
  const scene = sceneOf(t, () => Promise.resolve({ exitCode: 1, stderr: 'not active yet' }));
  const wait = exec('systemctl', { retryUntil: 'containerd runs on a', timeoutMs: 200 });
  const { failure } = await run(scene, [step('prepare', [], wait)]);
  t.is(failure?.class, 'infrastructure');
  t.regex(failure?.message ?? '', /containerd runs on a \(last seen: not active yet\)/);
});

test('the deadline of a retried program holds while it runs', async (t) => {
  const scene = sceneOf(t, untilAborted);
  const wait = exec('systemctl', { retryUntil: 'containerd runs on a', timeoutMs: 100 });
  const { failure } = await run(scene, [step('prepare', [], wait)]);
  t.regex(failure?.message ?? '', /not met within 0\.1 s: containerd runs on a/);
});

test('a retried program that succeeds at last is a success', async (t) => {
  let attempts = 0;
  const scene = sceneOf(t, () => Promise.resolve({ exitCode: (attempts += 1) < 3 ? 1 : 0 }));
  const { failure } = await run(scene, [step('prepare', [], exec('x', { retryUntil: 'x works' }))]);
  t.is(failure, null);
  t.is(attempts, 3);
});

test('an interruption rejects with its reason once nothing runs any more', async (t) => {
  const controller = new AbortController();
  const reason = new Error('interrupted by SIGINT');
  const scene = sceneOf(
    t,
    (call) => {
      setImmediate(() => controller.abort(reason));
      return untilAborted(call);
    },
    controller.signal,
  );
  t.is(await t.throwsAsync(run(scene, [step('one', [], exec('1'))])), reason);
  t.is(scene.events.all().at(-1)?.type, 'phase-finished');
});

test('an unexpected error is no failure of the infrastructure: it is thrown', async (t) => {
  const reason = new TypeError('a defect of ours');
  const scene = sceneOf(t, () => Promise.reject(reason));
  t.is(await t.throwsAsync(run(scene, [step('one', [], exec('1'))])), reason);
});

test('a step that needs what no step is does not pass for done', async (t) => {
  const scene = sceneOf(t, ok);
  await t.throwsAsync(run(scene, [step('one', ['nothing'], exec('1'))]), {
    message: 'step one needs nothing, which no earlier step of the plan is',
  });
});

test('a captured value reaches later texts; a value that nobody has is an error', async (t) => {
  const seen: string[] = [];
  const scene = sceneOf(t, ({ file, args }) => {
    seen.push([file, ...args].join(' '));
    return Promise.resolve({ stdout: ' 42 \n' });
  });
  const steps = [
    step('one', [], exec('ask', { capture: 'answer' }), exec('say', { args: ['is {{answer}}'] })),
    step('two', ['one'], exec('say', { args: ['{{nobody}}'] })),
  ];
  await t.throwsAsync(run(scene, steps), { name: 'UnknownValueError', message: /nobody/ });
  t.deepEqual(seen, ['ask', 'say is 42']);
});

test('lines of a program are progress of its step', async (t) => {
  const scene = sceneOf(t, ({ onLine }) => {
    onLine('[kubelet-start] Starting the kubelet', 'stdout');
    return Promise.resolve({});
  });
  await run(scene, [step('init', [], exec('kubeadm'))]);
  const progress = scene.events.all().find(({ type }) => type === 'step-progress');
  t.like(progress, { step: { id: 'init' }, text: '[kubelet-start] Starting the kubelet' });
});

test('a failing check is a result and no failure of the plan; the others still run', async (t) => {
  const server = await FakeApiServer.start(t);
  server.answers.set('GET /version', { status: 200, body: { gitVersion: 'v1.36.3' } });
  server.answers.set('GET /api/v1/nodes/a', { status: 200, body: { spec: { podCIDRs: ['10.1.0.0/24'] } } });
  const scene = sceneOf(t, () => Promise.resolve({ stdout: server.kubeconfig }));
  const check = (family: 'IPv4' | 'IPv6', timeoutMs: number): Action => ({
    kind: 'check',
    check: {
      type: 'node-pod-cidr',
      id: `node/a/${family.toLowerCase()}/pod-cidr`,
      timeoutMs,
      node: 'a',
      family,
    },
  });
  const connect: Action = {
    kind: 'connect',
    node: 'a',
    command: ['cat', '/etc/kubernetes/admin.conf'],
    timeoutMs: 15_000,
  };
  const result = await run(scene, [
    step('api', [], connect),
    step('six', ['api'], check('IPv6', 1500)),
    step('four', ['six'], check('IPv4', 15_000)),
  ]);
  t.is(result.failure, null);
  t.is(result.timeToDualStackMs, null);
  t.deepEqual(
    result.checks.map(({ id, outcome, reason }) => ({ id, outcome, reason })),
    [
      { id: 'node/a/ipv6/pod-cidr', outcome: 'failed', reason: 'a has 0 IPv6 podCIDR, not 1' },
      { id: 'node/a/ipv4/pod-cidr', outcome: 'passed', reason: null },
    ],
  );
  t.is(scene.values.get('kubernetesVersion'), '1.36.3');
  t.regex(scene.values.get('caCertHash') ?? '', /^sha256:[0-9a-f]{64}$/);
});

for (const [version, fits] of [
  ['v1.36.3', true],
  ['v1.36.0', true],
  ['v1.36.4+k0s.1', true],
  ['v1.35.3', false],
  ['v1.360.3', false],
] as const) {
  test(`a scenario for 1.36.3 ${fits ? 'takes' : 'does not take'} a cluster of ${version}`, async (t) => {
    const server = await FakeApiServer.start(t);
    server.answers.set('GET /version', { status: 200, body: { gitVersion: version } });
    const scene = sceneOf(t, () => Promise.resolve({ stdout: server.kubeconfig }));
    const connect: Action = {
      kind: 'connect',
      node: 'a',
      command: ['cat', '/etc/kubernetes/admin.conf'],
      timeoutMs: 15_000,
      expectVersion: '1.36.3',
    };
    const { failure } = await run(scene, [step('api', [], connect)]);
    if (fits) return t.is(failure, null);
    t.like(failure, { class: 'infrastructure', step: 'api' });
    t.regex(failure?.message ?? '', /a runs Kubernetes 1\.\d+\.3, and the scenario is for 1\.36\.3/);
    t.regex(failure?.hint ?? '', /distribution\.version/);
  });
}

test('a program that fails has the advice of its action, where there is one', async (t) => {
  const scene = sceneOf(t, () => Promise.resolve({ exitCode: 127, stderr: 'not found' }));
  const advised = await run(scene, [step('install', [], exec('k8s', { hint: 'Name where it comes from.' }))]);
  t.is(advised.failure?.hint, 'Name where it comes from.');
  const other = await run(scene, [step('install', [], exec('k8s'))]);
  t.regex(other.failure?.hint ?? '', /diagnostics/);
});

test('what another step was doing when it was stopped has no part in the advice', async (t) => {
  const scene = sceneOf(t, ({ file, ...call }) =>
    file === 'bad' ? Promise.resolve({ exitCode: 1 }) : untilAborted({ file, ...call }),
  );
  const { failure } = await run(scene, [
    step('waits', [], exec('good', { hint: 'about another program' })),
    step('fails', [], exec('bad', { hint: 'about this one' })),
  ]);
  t.like(failure, { step: 'fails', hint: 'about this one' });
});

test('a program that is asked again and again is given up at once by the status that says so', async (t) => {
  const statuses = [1, 1, 3];
  const scene = sceneOf(t, () => {
    const exitCode = statuses.shift() ?? 0;
    return Promise.resolve({ exitCode, stderr: exitCode === 3 ? 'Unauthorized' : 'not yet' });
  });
  const asked = exec('joined', { retryUntil: 'it is let in', giveUpStatus: 3, hint: 'Make another token.' });
  const { failure } = await run(scene, [step('join', [], asked)]);
  t.deepEqual(statuses, []);
  t.like(failure, { step: 'join', class: 'infrastructure', hint: 'Make another token.' });
  t.regex(failure?.message ?? '', /do join: it will not come to it that it is let in:\n {2}Unauthorized$/);
});

const ownTest = (number: number): Action => ({
  kind: 'check',
  check: {
    type: 'own-test',
    id: `test/t${number}/both/exit-status`,
    timeoutMs: 5000,
    number,
    command: [`program-${number}`],
    cwd: '/app',
    env: {},
    log: `tests/${number}.log`,
  },
});

const ended = (change: Partial<OwnTestEnd> = {}): OwnTestEnd => ({
  by: 'exit',
  exitCode: 0,
  signal: null,
  killed: false,
  error: null,
  durationMs: 1,
  outputBytes: 0,
  omittedBytes: 0,
  logError: null,
  lastLines: [],
  leftRunning: [],
  unkillable: [],
  ...change,
});

test("a test of the user's own that fails is a result, its lines are passed on and not kept, and the next one runs", async (t) => {
  const passedOn: string[] = [];
  const scene = {
    ...sceneOf(t, ok),
    events: new RunEvents(RUN, [(event) => event.type === 'test-output' && passedOn.push(event.text)]),
    ownTests: {
      run: (test, surroundings, { onLine }) => {
        onLine(`${test.command.join(' ')} for ${surroundings.families.join(' ')}`);
        return Promise.resolve(
          ended({ exitCode: test.number === 1 ? 3 : 0, leftRunning: [{ pid: 1, name: 'x' }] }),
        );
      },
    } satisfies OwnTests,
  };
  const result = await run(scene, [
    step('verify/one', [], ownTest(1)),
    step('two', ['verify/one'], ownTest(2)),
  ]);
  t.is(result.failure, null);
  t.deepEqual(
    result.checks.map(({ outcome, reason }) => [outcome, reason]),
    [
      ['failed', 'program-1 ended with status 3'],
      ['passed', null],
    ],
  );
  t.deepEqual(passedOn, ['program-1 for ipv4 ipv6', 'program-2 for ipv4 ipv6']);
  t.is(scene.events.all().filter(({ type }) => type === 'notice').length, 2);
});

test("an interruption during the user's test: what it was doing is told, and no other test starts", async (t) => {
  const controller = new AbortController();
  const reason = new Error('interrupted by SIGINT');
  const started: number[] = [];
  const scene = {
    ...sceneOf(t, ok, controller.signal),
    ownTests: {
      run: (test) => {
        started.push(test.number);
        controller.abort(reason);
        return Promise.resolve(ended({ by: 'aborted', exitCode: 0 }));
      },
    } satisfies OwnTests,
  };
  const steps = [step('one', [], ownTest(1)), step('two', ['one'], ownTest(2))];
  t.is(await t.throwsAsync(run(scene, steps)), reason);
  t.deepEqual(started, [1]);
  const finished = scene.events
    .all()
    .flatMap((event) => (event.type === 'check-finished' ? [event.check] : []));
  t.like(finished, [
    { id: 'test/t1/both/exit-status', outcome: 'not-reached', evidence: { log: 'tests/1.log' } },
  ]);
});

test('a warning that every node gives is told once', async (t) => {
  const scene = sceneOf(t, () => Promise.resolve({ stdout: 'k8s (STAND-IN)' }));
  const warnWhen = { text: 'STAND-IN', warning: 'k8s is a STAND-IN' };
  await run(scene, [
    step('one', [], exec('k8s', { warnWhen })),
    step('two', [], { ...exec('k8s', { warnWhen }), node: 'b' } as Action),
  ]);
  const notices = scene.events.all().flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  t.deepEqual(notices, ['k8s is a STAND-IN']);
});

test('a dialogue: its prompts are shown as they are answered, and its secrets in nothing that is told', async (t) => {
  const secrets: string[] = [];
  const scene = { ...sceneOf(t, ok), onSecret: (secret: string) => void secrets.push(secret) };
  scene.values.set('secret.token', 'abcdefgh');
  const node = Object.create(scene.provider.node('a')) as ReturnType<InMemoryProvider['node']>;
  node.converse = () =>
    Promise.resolve(
      new ScriptedProgram(async (io) => {
        for (const question of ['Token: ', 'Name: ']) {
          io.out(question);
          io.out(`${await io.read()}\n`);
        }
        return 0;
      }),
    );
  scene.provider.node = () => node;
  const prompt = { secret: false, optional: false, times: 1 };
  const result = await run(scene, [
    step('talk', [], {
      kind: 'dialogue',
      node: 'a',
      name: 'talk',
      file: 'k8s',
      args: [],
      dialogue: {
        mode: 'pipe',
        limits: { ...DIALOGUE_LIMITS, settleMs: 10 },
        prompts: [
          { ...prompt, name: 'token', pattern: '^Token: $', answer: 'ijklmnop', secret: true },
          { ...prompt, name: 'name', pattern: '^Name: $', answer: '{{secret.token}}' },
        ],
      },
    }),
  ]);
  t.is(result.failure, null);
  t.deepEqual(secrets, ['ijklmnop']);
  const events = scene.events.all();
  const shown = events.flatMap((event) =>
    event.type === 'step-progress' && event.milestone === true ? [[event.text, event.done, event.total]] : [],
  );
  t.deepEqual(shown, [
    ['token was asked for and is answered', 1, 2],
    ['name was asked for and is answered', 2, 2],
  ]);
  t.notRegex(JSON.stringify(events), /abcdefgh|ijklmnop/);
  t.regex(JSON.stringify(events), /dialogue-finished.*redacted/);
});
