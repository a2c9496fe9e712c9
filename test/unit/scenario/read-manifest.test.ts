import test from 'ava';
import { formatProblem } from '../../../src/scenario/problem.ts';
import { readManifest } from '../../../src/scenario/read-manifest.ts';
import type { IPFamily } from '../../../src/scenario/scenario.ts';

const read = (text: string, families: IPFamily[] = ['IPv4', 'IPv6']) =>
  readManifest(text, { file: 'web.yaml', network: { families, primaryFamily: families[0] ?? 'IPv4' } });
const problemsOf = (text: string, families?: IPFamily[]): string[] =>
  read(text, families).problems.map(formatProblem);
const service = (spec: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 80 }], ${spec} }\n`;

test('documents, lists and empty documents: each object with its place', (t) => {
  const { objects, problems } = read(
    '---\n# nothing\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: shop }\n---\napiVersion: v1\nkind: List\nitems:\n- { apiVersion: v1, kind: Secret, metadata: { name: b } }\n---\n',
  );
  t.deepEqual(problems, []);
  t.deepEqual(
    objects.map(({ kind, namespace, name, position }) => [kind, namespace, name, position.line]),
    [
      ['ConfigMap', 'shop', 'a', 4],
      ['Secret', 'default', 'b', 8],
    ],
  );
});

test('values are those that kubectl reads: octal numbers and yes, but no times', (t) => {
  const [object] = read(
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { mode: 0644, on: yes, time: 22:22, day: 2001-01-01 }\n',
  ).objects;
  t.deepEqual(object?.content['data'], { mode: 420, true: true, time: '22:22', day: '2001-01-01' });
});

const refused: [string, string, string][] = [
  ['nothing in it', '# only this\n', 'web.yaml:1:1 has no Kubernetes object in it (rule manifest)'],
  ['no YAML', 'a: b\n  c: [\n', 'web.yaml:1:4 not YAML: '],
  ['a text', 'hello\n', 'web.yaml:1:1 is no Kubernetes object'],
  ['a list', '- a\n', 'web.yaml:1:1 is no Kubernetes object'],
  ['no kind', 'apiVersion: v1\nmetadata: { name: a }\n', 'web.yaml:1:1 has no apiVersion and kind'],
  [
    'no name',
    'apiVersion: v1\nkind: Pod\nmetadata: { generateName: a }\n',
    'web.yaml:1:1 Pod has no metadata.name',
  ],
  [
    'twice',
    '{ apiVersion: v1, kind: Pod, metadata: { name: a } }\n---\n{ apiVersion: v1, kind: Pod, metadata: { name: a, namespace: default } }\n',
    'web.yaml:3:1 Pod a is there twice: first in line 1',
  ],
  [
    'ours',
    '{ apiVersion: v1, kind: Service, metadata: { name: nginx-dualstack }, spec: { selector: { a: b }, ipFamilyPolicy: SingleStack, ports: [{ port: 1 }] } }\n',
    'web.yaml:1:1 Service nginx-dualstack is made by every run',
  ],
  ['aliases that stand for too much', bomb(), "web.yaml:1:1 can't be read: "],
];
for (const [name, text, start] of refused) {
  test(`refused: ${name}`, (t) => {
    const [problem = '', ...others] = problemsOf(text);
    t.true(problem.startsWith(start), problem);
    t.deepEqual(others, []);
  });
}

/** A billion laughs, as they are called. */
function bomb(): string {
  const levels = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [index, name] of [...'bcdefghi'].entries()) {
    const before = `*${'abcdefgh'[index]}`;
    levels.push(`${name}: &${name} [${Array<string>(9).fill(before).join(', ')}]`);
  }
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n${levels.join('\n')}\n`;
}

const families: [string, IPFamily[]][] = [
  ['ipFamilyPolicy: RequireDualStack', ['IPv4', 'IPv6']],
  ['ipFamilyPolicy: PreferDualStack', ['IPv4', 'IPv6']],
  ['ipFamilies: [IPv6, IPv4]', ['IPv4', 'IPv6']],
  ['ipFamilyPolicy: SingleStack', ['IPv4']],
  ['ipFamilyPolicy: SingleStack, ipFamilies: [IPv6]', ['IPv6']],
];
for (const [spec, expected] of families) {
  test(`families of ${spec}`, (t) => {
    const { services, problems } = read(service(spec));
    t.deepEqual(services[0]?.families, expected);
    t.deepEqual(problems, []);
  });
}

test('a Service without a policy is single-stack: warned of in a dual-stack run alone', (t) => {
  t.deepEqual(problemsOf(service('')), [
    'web.yaml:1:1 warning: Service web is SingleStack by default: write ipFamilyPolicy: RequireDualStack to have an address of each family (rule manifest)',
  ]);
  t.deepEqual(read(service(''), ['IPv6', 'IPv4']).services[0]?.families, ['IPv6']);
  t.deepEqual(problemsOf(service(''), ['IPv6']), []);
});

test('a Service that the cluster can not give what it asks for', (t) => {
  t.regex(
    problemsOf(service('ipFamilyPolicy: RequireDualStack'), ['IPv4'])[0] ?? '',
    /requires dual-stack, and/,
  );
  t.regex(
    problemsOf(service('ipFamilies: [IPv6]'), ['IPv4'])[0] ?? '',
    /asks for IPv6, and the scenario for IPv4/,
  );
});

test('what is asked of a Service', (t) => {
  const asked = (spec: string) => {
    const [found] = read(service(`ipFamilyPolicy: PreferDualStack, ${spec}`)).services;
    return found === undefined ? null : [found.hasClusterIP, found.port, found.http];
  };
  t.deepEqual(asked('type: ClusterIP'), [true, 80, false]);
  t.deepEqual(asked('clusterIP: None'), [false, 80, false]);
  t.is(asked('type: ExternalName'), null);
  const ports = (text: string) => {
    const manifest = service('ipFamilyPolicy: PreferDualStack').replace('[{ port: 80 }]', text);
    const [found] = read(manifest).services;
    return [found?.port, found?.http];
  };
  t.deepEqual(ports('[{ port: 53, protocol: UDP }, { port: 54, name: http }]'), [54, true]);
  t.deepEqual(ports('[{ port: 1, name: http-admin }]'), [1, true]);
  t.deepEqual(ports('[{ port: 1, name: https }]'), [1, false]);
  t.deepEqual(ports('[{ port: 1, name: x, appProtocol: http }]'), [1, true]);
  t.deepEqual(ports('[{ port: 53, protocol: UDP }]'), [null, false]);
});
