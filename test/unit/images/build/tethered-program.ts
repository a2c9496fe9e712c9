// Run as a process of its own by run-tool.test.ts: starts a program that starts another one, and never ends by itself.
import { runTethered } from '../../../../src/images/build/run-tool.ts';
import { HostCommandRunner } from '../../../../src/process/host-command-runner.ts';
import { buildContext } from '../build-surroundings.ts';

const context = buildContext('/nowhere', {
  runner: new HostCommandRunner(),
  deadline: performance.now() + 60_000,
});
const script = `
  const { pid } = require('node:child_process').spawn('sleep', ['60']);
  console.log(process.pid, pid);
  setTimeout(() => {}, 60_000);
`;
await runTethered(context, process.execPath, ['-e', script], {
  purpose: 'waiting',
  onLine: (line) => process.stdout.write(`${line}\n`),
});
