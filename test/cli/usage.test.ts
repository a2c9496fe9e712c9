import test from 'ava';
import { VERBS, visit } from './command-line.ts';

for (const verb of VERBS.filter((words) => words.join(' ') !== 'image')) {
  test.serial(`${verb.join(' ')} does not take an option that nobody knows`, async (t) => {
    const visitor = await visit(t);
    const { status, stdout, stderr } = await visitor.run([...verb, '--frobnicate']);
    t.is(status, 2);
    t.is(stdout, '');
    t.true(stderr.includes("unknown option '--frobnicate'"), stderr);
    t.true(stderr.includes('--help'), stderr);
    t.deepEqual(await visitor.belongings(), []);
  });
}

const MISTAKES: readonly (readonly [words: readonly string[], said: RegExp])[] = [
  [['frobnicate'], /frobnicate/],
  [['lint'], /missing required argument 'paths'/],
  [['plan'], /missing required argument 'file'/],
  [['kubeconfig'], /missing required argument 'run'/],
  [['image', 'frobnicate'], /unknown command 'frobnicate'/],
  [['image'], /Usage: twinstack image/],
  [['run', '--keep', 'sometimes'], /'sometimes' is invalid.*never.*on-failure.*always/s],
  [['run', '--set'], /--set <path=value>/],
  [['down'], /down takes a run or --all/],
  [['down', 'one', '--all'], /down takes a run or --all/],
  [['image', 'build', '--kubernetes', '1.2.3'], /no node image for Kubernetes 1\.2\.3/],
  [['image', 'remove', 'nope'], /no node image begins with "nope"/],
  [['run', 'there/is/no/such/file.yaml'], /file\.yaml:1:1 there is no such file or directory \(rule file\)/],
];

for (const [words, said] of MISTAKES) {
  test.serial(`"${words.join(' ')}" is a mistake of usage`, async (t) => {
    const visitor = await visit(t);
    const { status, stdout, stderr } = await visitor.run(words);
    t.is(status, 2, stderr);
    t.is(stdout, '');
    t.regex(stderr, said);
  });
}
