import test from 'ava';
import { seededRandom } from '../network/seeded-random.ts';
import { parseScenario } from '../../../src/scenario/parse-scenario.ts';
import { formatProblem } from '../../../src/scenario/problem.ts';

function lines(text: string): string[] {
  return parseScenario(text, 'x.yaml').problems.map(formatProblem);
}

test('a message reads as the contract says', (t) => {
  const text = `# Nine lines, and the range is in the last.



name: x


network:
  services: [10.0.0.0/24, fd98::/64]
`;
  t.deepEqual(lines(text), [
    'x.yaml:9:27 network.services[1]: fd98::/64 is too large: an IPv6 service range must be /108 or longer, such as fd98::/108 ' +
      '(kubeadm would refuse it: "specified service subnet is too large; for 128-bit addresses, the mask must be >= 108") ' +
      '(rule service-cidr-size)',
  ]);
});

test('a byte order mark and CR LF change no position', (t) => {
  const problem =
    'x.yaml:3:12 network.pods[1]: fd01::1/108 is not the first address of its range (it has host bits set): write fd01::/108 (rule cidr-syntax)';
  t.deepEqual(lines('name: x\nnetwork: { pods: [10.1.0.0/16,\n           fd01::1/108] }\n'), [problem]);
  t.deepEqual(lines('\ufeffname: x\r\nnetwork: { pods: [10.1.0.0/16,\r\n           fd01::1/108] }\r\n'), [
    problem,
  ]);
  t.deepEqual(lines('\ufeffNAME: x'), [
    'x.yaml:1:1 NAME: unknown key "NAME"; did you mean name? (rule schema)',
  ]);
});

test('a key without a value is reported at the key', (t) => {
  t.deepEqual(lines('name: x\nnetwork:\n  pods:\n'), [
    'x.yaml:3:3 network.pods: expected a list, got nothing; write a value or remove the key (rule schema)',
  ]);
  t.deepEqual(lines('name:\n'), [
    'x.yaml:1:1 name: expected text, got nothing; write a value or remove the key (rule schema)',
  ]);
});

test('a problem of a default is reported at what is written around it', (t) => {
  t.deepEqual(lines('nodes: { workers: 1 }\nnetwork:\n  nodeMasks:\n    ipv6: 107\n').length, 1);
  const [problem] = parseScenario(
    'provider: kind\ndistribution:\n  version: 1.36.3\n',
    'Bad Name.yaml',
  ).problems;
  t.like(problem, { rule: 'name', path: 'name', position: { line: 1, column: 1 } });
});

test('a text without a scenario in it', (t) => {
  for (const text of ['', '\n\n', '# only a comment\n', '---\n', '---\n...\n', '~\n', 'null', '\ufeff']) {
    t.regex(
      lines(text).join(),
      /^x\.yaml:1:1 nothing is in this file; .* \(rule yaml\)$/,
      JSON.stringify(text),
    );
  }
});

test('several documents', (t) => {
  t.regex(lines('name: a\n---\nname: b\n').join(), /^x\.yaml:2:1 a second document begins here/);
  t.regex(lines('name: a\n---\n').join(), /^x\.yaml:2:1 a second document/);
  t.deepEqual(lines('---\nname: a\n...\n'), []);
});

test('aliases', (t) => {
  // A name may be given again: an alias means the latest before it.
  t.deepEqual(
    parseScenario('nodes: &x { workers: 1 }\nextraArgs: { etcd: &x { a: b }, scheduler: *x }', 'x.yaml')
      .scenario?.extraArgs,
    { etcd: { a: 'b' }, scheduler: { a: 'b' } },
  );
  t.deepEqual(lines('nodes: &n { workers: 1 }\nextraArgs: { apiServer: &a { v: "4" }, scheduler: *a }'), []);
  // The position of a value behind an alias is where it is written.
  t.deepEqual(
    lines('extraArgs:\n  apiServer: &a\n    v: 4\n  scheduler: *a\n').map((line) => line.slice(0, 40)),
    ['x.yaml:3:8 extraArgs.apiServer.v: expect', 'x.yaml:3:8 extraArgs.scheduler.v: expect'],
  );
  t.regex(
    lines('name: *a').join(),
    /^x\.yaml:1:7 \*a refers to an anchor that is not set before it \(rule yaml\)$/,
  );
  const bomb = `a: &a [${'x,'.repeat(9)}]\n${'bcdefghi'
    .split('')
    .map((key, index) => `${key}: &${key} [${`*${'abcdefgh'[index] ?? ''},`.repeat(9)}]\n`)
    .join('')}`;
  t.true(lines(bomb).some((line) => line.includes('aliases stand for more than 1000 values')));
});

test('what would end the process is refused', (t) => {
  for (const text of [
    '['.repeat(50_000),
    '{'.repeat(50_000),
    '- '.repeat(50_000),
    '? '.repeat(50_000),
    '[{a: '.repeat(20_000),
  ]) {
    t.regex(lines(text).join(), /nested more than 64 deep/);
  }
  t.regex(lines('#'.repeat(128 * 1024 + 1)).join(), /more than a scenario can have \(131072\)/);
  t.notRegex(lines('#'.repeat(128 * 1024)).join(), /more than a scenario/);
});

test('messages carry nothing that moves a cursor or turns text around', (t) => {
  const [line = ''] = lines('provider: "\\e[31mlxd\\u202e"');
  t.true(line.includes('got the text "\\u001b[31mlxd\\u{202e}"'), line);
  t.true(lines(`provider: ${'x'.repeat(10_000)}`).join().length < 400);
});

test('a wrong part does not hide what is wrong elsewhere, and makes nothing up', (t) => {
  const rules = (text: string): string[] =>
    parseScenario(text, 'x.yaml').problems.map(({ rule, path }) => `${rule} ${path}`);
  // Without the taint, the default pods would overlap the services.
  t.deepEqual(rules('network: { podz: [10.9.0.0/16, fd01::/108], services: [10.1.0.0/24, fd98::/64] }'), [
    'schema network.podz',
    'service-cidr-size network.services[1]',
  ]);
  t.deepEqual(rules('network: { pods: [10.9.0.0/16, 7], services: [10.1.0.0/24, fd98::/64] }'), [
    'schema network.pods[1]',
    'service-cidr-size network.services[1]',
  ]);
  t.deepEqual(rules('name: x\nnetwork: none\nexpect: { rule: nope }'), [
    'schema network',
    'expect expect.rule',
  ]);
});

test('what is expected is known of a file with errors', (t) => {
  const expectOf = (text: string) => parseScenario(text, 'x.yaml').expect;
  t.deepEqual(expectOf('workerz: 1\nexpect: { rule: overlap }'), { rule: 'overlap' });
  t.is(expectOf('workerz: 1'), 'passed');
  t.is(expectOf('expect: 1'), null);
  t.is(expectOf('['), null);
});

test('garbage never makes it throw', (t) => {
  const random = seededRandom(42);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const words = [
    'name',
    'network',
    'pods',
    'services',
    'expect',
    'rule',
    'nodes',
    'workers',
    'extraArgs',
    'kubelet',
    'bridge',
    'ipv6',
  ];
  const values = [
    '10.1.0.0/16',
    'fd01::/108',
    '::/0',
    '17',
    '-1',
    '1e999',
    '.nan',
    'true',
    '~',
    '""',
    "'",
    '"',
    '1.36',
    '*a',
    '&a',
    '!!set',
    '!x',
    '<<',
  ];
  const glue = [
    ': ',
    ':',
    '\n',
    '\n  ',
    '\n\t',
    ' ',
    ', ',
    '[',
    ']',
    '{',
    '}',
    '- ',
    '? ',
    '| ',
    '> ',
    '#',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '\r\n',
    '\0',
    '\ud800',
    '__proto__',
    'constructor',
  ];
  for (let round = 0; round < 3000; round += 1) {
    const length = Math.floor(random() * 30);
    const text = Array.from({ length }, () => pick([pick(words), pick(values), pick(glue), pick(glue)])).join(
      '',
    );
    const overrides =
      random() < 0.3 ? [`${pick(words)}${pick(glue)}${pick(words)}=${pick(values)}${pick(glue)}`] : [];
    t.notThrows(() => {
      const { scenario, problems } = parseScenario(text, 'x.yaml', { overrides });
      const isRefused = problems.some(({ severity }) => severity === 'error');
      if ((scenario === null) !== isRefused)
        throw new Error('a scenario comes out when nothing is wrong, and only then');
      for (const { position, message } of problems) {
        if (position.line < 1 || position.column < 1 || message === '')
          throw new Error(JSON.stringify(position));
        if (message.includes('\n')) throw new Error('a message is one line');
      }
    }, JSON.stringify(text));
  }
});

test('broken copies of a good file never make it throw', (t) => {
  const random = seededRandom(43);
  const good = `name: x\nnodes: { workers: 2 }\nnetwork:\n  pods: [10.1.0.0/16, fd01::/108]\n  services: [10.152.183.0/24, fd98::/108]\n  nodeMasks: { ipv4: 24, ipv6: 117 }\nexpect: { check: a/b/ipv4/c }\n`;
  for (let round = 0; round < 2000; round += 1) {
    const at = Math.floor(random() * good.length);
    const length = Math.floor(random() * 5);
    const inserted = random() < 0.5 ? String.fromCharCode(Math.floor(random() * 200)) : '';
    const text = good.slice(0, at) + inserted + good.slice(at + length);
    t.notThrows(() => parseScenario(text, 'x.yaml'), JSON.stringify(text));
  }
});
