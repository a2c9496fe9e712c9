import { parseForeignImage } from '../foreign-image-name.ts';
import { cniNameOf } from '../network-plugin.ts';
import { printable } from '../problem.ts';
import { isK8sSnap, type Rule, type RuleContext } from './rule.ts';
import type { DocumentPath } from '../document-path.ts';

const NAME: DocumentPath = ['cni', 'name'];
const DISTRIBUTION: DocumentPath = ['distribution', 'name'];
const CONTROLLERS: DocumentPath = ['extraArgs', 'controllerManager', 'controllers'];
/** The controller that gives nodes their pod ranges, and the name that it also answers to. */
const NODE_IPAM = ['node-ipam-controller', 'nodeipam'];

function isFlannel(context: RuleContext): boolean {
  return !isK8sSnap(context) && cniNameOf(context.written) === 'flannel';
}

/** Whether kube-controller-manager starts it, of `--controllers` as its help has it: names, `-name`, and `*` for those on by default. */
function startsNodeIpam(controllers: string): boolean {
  const words = controllers.split(',').map((word) => word.trim());
  // The first word that is about it decides.
  const own = words.find((word) => NODE_IPAM.includes(word.replace(/^-/, '')));
  return own === undefined ? words.includes('*') : !own.startsWith('-');
}

/** flanneld takes its node's range from the node; nothing else gives it one. */
export const flannelPodRanges: Rule = {
  id: 'flannel-pod-ranges',
  summary: 'With flannel, kube-controller-manager gives nodes their pod ranges (node-ipam-controller).',
  reads: [NAME, DISTRIBUTION, CONTROLLERS],
  check(context) {
    const controllers = context.written.extraArgs.controllerManager?.['controllers'];
    if (!isFlannel(context) || controllers === undefined || startsNodeIpam(controllers)) return [];
    const message =
      `${printable(controllers)} leaves out node-ipam-controller: add it, or remove the argument ` +
      '(flanneld would stop on every node: "node … pod cidr not assigned")';
    return [{ path: CONTROLLERS, message }];
  },
};

/** A node image of ours has flanneld in it; any other pulls it. */
export const flannelEgress: Rule = {
  id: 'flannel-egress',
  summary: 'flannel in nodes of an image that is none of ours needs egress: open or images:.',
  reads: [NAME, DISTRIBUTION, ['image'], ['images'], ['egress']],
  check(context) {
    const { image, images, egress } = context.written;
    const isForeign = image !== undefined && parseForeignImage(image) !== null;
    if (!isFlannel(context) || !isForeign || egress === 'open' || images.length > 0) return [];
    const message =
      `flannel is not in ${printable(image)}, and without a way out nobody pulls it: write images: [FILE], or egress: open ` +
      '(its pods would stay at "ImagePullBackOff", and every node NotReady)';
    return [{ path: context.isWritten(['egress']) ? ['egress'] : ['image'], message }];
  },
};

/** In the order in which the reference names them. */
export const FLANNEL_RULES: readonly Rule[] = [flannelPodRanges, flannelEgress];
