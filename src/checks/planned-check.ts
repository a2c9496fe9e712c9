import type { OwnTestCommand } from '../own-tests/own-test.ts';
import type { IPFamily } from '../scenario/scenario.ts';

/** Where a request starts: on a node itself, or in the probe pod of a node. */
export type RequestOrigin =
  { readonly kind: 'node'; readonly node: string } | { readonly kind: 'pod'; readonly node: string };

/** A check that a plan will make, with everything that it needs to know. Ids are those of the report. */
export type PlannedCheck = { readonly id: string; readonly timeoutMs: number } & (
  | {
      readonly type: 'service-http';
      readonly namespace: string;
      readonly service: string;
      readonly family: IPFamily;
      readonly from: RequestOrigin;
      /** What the body must contain. */
      readonly expectBody: string;
      /** False where the body need not say who asked, so that there may be nothing to compare. */
      readonly tellsClient?: boolean;
    }
  /** The Service's port takes a connection over one family's ClusterIP; where it speaks HTTP, it answers with less than 500. */
  | {
      readonly type: 'service-port';
      readonly namespace: string;
      readonly service: string;
      readonly family: IPFamily;
      readonly from: RequestOrigin;
      readonly port: number;
      readonly http: boolean;
    }
  | { readonly type: 'node-internal-ip'; readonly node: string; readonly family: IPFamily }
  | { readonly type: 'node-pod-cidr'; readonly node: string; readonly family: IPFamily }
  | {
      readonly type: 'pod-ip';
      readonly namespace: string;
      readonly labelSelector: string;
      readonly family: IPFamily;
    }
  | {
      readonly type: 'endpoint-slice';
      readonly namespace: string;
      readonly service: string;
      readonly family: IPFamily;
    }
  /** No pod of the cluster is anything but ready. */
  | { readonly type: 'pods-ready' }
  /** The node can't reach what lies outside the lab: a listener of ours on this host is the proof that it could. */
  | {
      readonly type: 'egress-blocked';
      readonly node: string;
      readonly family: IPFamily;
      readonly gateway: string;
    }
  | OwnTestCheck
);

/** A program of the user's own ends with status 0. It is run once, on this host. */
export interface OwnTestCheck extends OwnTestCommand {
  readonly type: 'own-test';
}

/** `ipv4` or `ipv6`: the family's word in a check's id. */
export function familyWord(family: IPFamily): 'ipv4' | 'ipv6' {
  return family === 'IPv4' ? 'ipv4' : 'ipv6';
}
