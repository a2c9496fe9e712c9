import { CNI_RULES } from './cni-rules.ts';
import { FAMILY_RULES } from './family-rules.ts';
import { FLANNEL_RULES } from './flannel-rules.ts';
import { DISTRIBUTION_RULES } from './distribution-rules.ts';
import { imageDistribution } from './image-rules.ts';
import { KUBERNETES_RULES } from './kubernetes-rules.ts';
import { K0S_RULES } from './k0s-rules.ts';
import { INSTALL_RULES } from './install-rules.ts';
import { nameRule } from './name-rule.ts';
import { NODE_RULES } from './node-rules.ts';
import { notYet } from './not-yet-rule.ts';
import { RANGE_RULES } from './range-rules.ts';
import type { Rule } from './rule.ts';
import { SIZE_RULES } from './size-rules.ts';
import { testNameRule } from './test-name-rule.ts';

/** Every rule, in the order of the reference. */
export const ALL_RULES: readonly Rule[] = [
  nameRule,
  ...FAMILY_RULES,
  ...RANGE_RULES,
  ...SIZE_RULES,
  ...NODE_RULES,
  ...KUBERNETES_RULES,
  testNameRule,
  ...DISTRIBUTION_RULES,
  ...INSTALL_RULES,
  ...K0S_RULES,
  ...FLANNEL_RULES,
  imageDistribution,
  ...CNI_RULES,
  notYet,
];
