import type { ImageArchive } from '../images/archive/image-archive.ts';
import type { PlanNode, Step } from './plan.ts';

/** An archive of some GB, through the engine's client. */
const LOAD_TIMEOUT_MS = 300_000;

/** Gives every node the archives' images as soon as its container runtime runs: all nodes at once, in a node one after the other. */
export function loadSteps(
  nodes: readonly PlanNode[],
  archives: readonly ImageArchive[],
  preparedStep: (node: PlanNode) => string,
): Step[] {
  return nodes.flatMap((node) => {
    const idOf = (index: number): string => `bootstrap/load/${node.shortName}/${index + 1}`;
    return archives.map((input, index): Step => ({
      id: idOf(index),
      phase: 'bootstrap',
      title: `load ${input.file.split('/').at(-1)} into ${node.name}`,
      needs: [index === 0 ? preparedStep(node) : idOf(index - 1)],
      actions: [
        {
          kind: 'exec',
          node: node.name,
          file: 'ctr',
          // The namespace that the kubelet's images are in.
          args: ['--namespace', 'k8s.io', 'images', 'import', '-'],
          timeoutMs: LOAD_TIMEOUT_MS,
          input,
        },
      ],
    }));
  });
}
