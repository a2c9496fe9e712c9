import { ClusterClient } from '../../src/kubernetes/cluster-client.ts';
import { InMemoryProvider } from './in-memory-provider.ts';
import { never } from './never.ts';
import type { CheckContext } from '../../src/checks/observation.ts';
import type { FakeApiServer } from './fake-api-server.ts';
import type { Program } from './in-memory-node.ts';

/** What a check sees: a cluster that a test has written, and nodes whose programs are functions. */
export function checkContext(server: FakeApiServer, program: Program, signal = never()): CheckContext {
  const provider = new InMemoryProvider(program);
  return { cluster: new ClusterClient(server.kubeconfig), node: (name) => provider.node(name), signal };
}
