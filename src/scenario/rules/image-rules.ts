import { parseForeignImage } from '../foreign-image-name.ts';
import { printable } from '../problem.ts';
import { isFromSnap } from './install-rules.ts';
import type { Rule } from './rule.ts';

/** Found only when a node is there, and then as a program that is missing. */
export const imageDistribution: Rule = {
  id: 'image-distribution',
  summary:
    'An image of the engine goes with k8s-snap and k0s, and one that a snap is installed in is none of ours.',
  reads: [['image'], ['distribution', 'name'], ['install']],
  check({ written }) {
    const { image, install } = written;
    const { name } = written.distribution;
    if (image === undefined) return [];
    const isForeign = parseForeignImage(image) !== null;
    if (isForeign && name === 'kubeadm') {
      const message = `${printable(image)} is an image of the engine, and ${name} needs a node image of twinstack: remove image, or use k0s or k8s-snap (a file of that name is written ./${printable(image)})`;
      return [{ path: ['image'], message }];
    }
    if (isForeign || !isFromSnap(written)) return [];
    const message = `a node image of twinstack has no snapd to install ${printable(typeof install === 'string' ? install : 'a snap')} with: write an image of the engine, such as ubuntu:24.04, or remove image`;
    return [{ path: ['image'], message }];
  },
};
