import { startContainerDocker, stopContainerDocker } from '../../integration/container-docker.ts';

const [verb, folder] = process.argv.slice(2);
if (folder === undefined || !folder.startsWith('/') || (verb !== 'start' && verb !== 'stop')) {
  process.stderr.write('usage: npx tsx test/rigs/docker/daemon.ts start|stop /absolute/folder\n');
  process.exitCode = 2;
} else if (verb === 'start') {
  const { host, version, storageDriver } = await startContainerDocker(folder);
  process.stderr.write(`Docker ${version} with ${storageDriver}\n`);
  process.stdout.write(`DOCKER_HOST=${host}\n`);
} else {
  await stopContainerDocker(folder);
}
