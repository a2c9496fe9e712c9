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
  [['image', 'key', '--kubernetes', '1.2.3'], /no node image for Kubernetes 1\.2\.3/],
  [['run', '--shard', '0/3'], /^--shard: "0\/3": there is no shard 0 of 3: shards count from 1 to 3$/m],
  [['run', '--shard', '4/3'], /^--shard: "4\/3": there is no shard 4 of 3: shards count from 1 to 3$/m],
  [['run', '--shard', '1/0'], /^--shard: "1\/0": 0 shards hold nothing/m],
  [['run', '--shard', 'a/b'], /^--shard: "a\/b" is no shard: write I\/N, such as 1\/3$/m],
  [['run', '--shard', '1.5/2'], /^--shard: "1\.5\/2" is no shard/m],
  [['run', '--parallel', '0'], /^--parallel: "0" is neither auto nor a number from 1 to 64$/m],
  [['run', '--parallel', '65'], /^--parallel: "65" is neither/m],
  [['run', '--parallel', 'many'], /^--parallel: "many" is neither/m],
  [['run', '--annotations', 'jenkins'], /'jenkins' is invalid.*github.*none/s],
  [['matrix', '--format', 'jenkins'], /'jenkins' is invalid.*github.*gitlab.*json/s],
  [['matrix', '--shards', '0'], /^--shards: "0" is no number from 1 to 1000$/m],
  [['matrix', '--shards', 'x'], /^--shards: "x" is no number/m],
  [['matrix', 'there/is/no/such/folder'], /there is no such file or directory/],
  [['image', 'build', '--source', 'ftp'], /'ftp' is invalid.*auto.*release.*go/s],
  [['run', '--image-source', 'ftp'], /'ftp' is invalid.*auto.*release.*go/s],
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

test.serial('a file of mirrors that can not be read is a mistake of usage, with its name', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write(
    'upstream.json',
    '{ "releases": { "etcd": "http://mirror.example.test" } }',
  );
  const { status, stdout, stderr } = await visitor.run(['image', 'build'], { TWINSTACK_UPSTREAM: file });
  t.is(status, 2, stderr);
  t.is(stdout, '');
  t.true(stderr.includes(file));
  t.regex(stderr, /must be an https:\/\/ URL/);
});

test.serial('the source of the programs can be set once and for all, and is checked the same', async (t) => {
  const visitor = await visit(t);
  const { status, stderr } = await visitor.run(['image', 'build'], { TWINSTACK_IMAGE_SOURCE: 'ftp' });
  t.is(status, 2, stderr);
  t.regex(stderr, /TWINSTACK_IMAGE_SOURCE.*is invalid/);
});

test.serial('a program of your own that is not there is refused, at its place', async (t) => {
  const visitor = await visit(t);
  const file = await visitor.write('mine.yaml', 'name: mine\nbinaries:\n  kubelet: ./out/kubelet\n');
  for (const verb of ['lint', 'plan', 'run']) {
    const { status, stdout, stderr } = await visitor.run([verb, file]);
    t.is(status, 2, stderr);
    t.regex(
      stdout + stderr,
      /mine\.yaml:3:12 binaries\.kubelet: \.\/out\/kubelet is not there; paths are relative to the scenario file/,
    );
  }
});
