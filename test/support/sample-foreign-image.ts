import type { ForeignImage } from '../../src/images/foreign-image.ts';

/** An image of the engine's that is none of ours, with containers of a registry that nobody has. */
export const SAMPLE_FOREIGN_IMAGE: ForeignImage = {
  kind: 'foreign',
  remote: 'ubuntu',
  alias: '24.04',
  containers: {
    nginxdualstack: { image: 'r/nginx:1', body: 'hello' },
    probe: { image: 'r/probe:1' },
    flannel: { image: 'r/flannel:1' },
  },
};
