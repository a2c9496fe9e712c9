import { pathsTouch } from './document-path.ts';
import type { DocumentPath } from './document-path.ts';
import { expectationOf, normalizeScenario, scenarioNameOf } from './normalize.ts';
import { judgeLint } from './judge-lint.ts';
import type { LintJudgement } from './judge-lint.ts';
import { applyOverrides } from './overrides.ts';
import { compareProblems, makeProblem } from './problem.ts';
import type { Position, Problem } from './problem.ts';
import { readYaml } from './read-yaml.ts';
import { PROVIDER_NAMES } from './provider-names.ts';
import { resolveNetwork } from './resolve-network.ts';
import { ALL_RULES } from './rules/all-rules.ts';
import type { RuleContext } from './rules/rule.ts';
import type { Expectation, ProviderName, Scenario } from './scenario.ts';
import { schemaProblems } from './schema-problems.ts';
import { scenarioSchema } from './schema.ts';
import type { WrittenScenario } from './schema.ts';
import { SUPPORTED_KUBERNETES_VERSIONS } from './supported-versions.ts';
import { keyPositionOf, nodeAt, positionOf, toPlain, withoutEntries } from './yaml-tree.ts';
import type { YamlTree } from './yaml-tree.ts';

export interface ParseOptions {
  /** Values of `--set`, each `path=value`, in the order given. */
  readonly overrides?: readonly string[];
  /** Kubernetes releases that can be provisioned, without the `v`; `SUPPORTED_KUBERNETES_VERSIONS` when absent. */
  readonly knownVersions?: readonly string[];
}

export interface ParsedScenario {
  /** Null when there is an error among the problems. */
  readonly scenario: Scenario | null;
  /** Everything that is wrong, in the order of the lines. */
  readonly problems: readonly Problem[];
  /** What the file says must happen; known also of a file with errors, as long as this part can be read. */
  readonly expect: Expectation | null;
  /** Of a scenario for `provider: auto`: what stands against it with each provider, in their order. Null for one that names its own. */
  readonly auto: readonly ProviderVerdict[] | null;
  /** Where a value of the file is, for problems that others find with it. */
  readonly locate: (path: DocumentPath) => Position;
}

/** What rules have against a scenario with one provider; nothing that is an error where it is for it. */
export interface ProviderVerdict {
  readonly provider: ProviderName;
  readonly problems: readonly Problem[];
}

/** Ids that `expect: { rule: ID }` may name: the rules, and `schema` for what has not even the right shape. */
export function expectableRules(): readonly string[] {
  return [...ALL_RULES.map(({ id }) => id), 'schema'];
}

interface Salvaged {
  readonly written: WrittenScenario | null;
  readonly problems: readonly Problem[];
  readonly tainted: readonly DocumentPath[];
}

/**
 * Holds a document against the schema. What is of the wrong shape is reported, then left out, so that the rules can look at the
 * rest and all problems are told at once.
 */
function validate(tree: YamlTree): Salvaged {
  const result = scenarioSchema.safeParse(toPlain(tree));
  if (result.success) return { written: result.data, problems: [], tainted: [] };
  const { problems, tainted, removable } = schemaProblems(scenarioSchema, result.error.issues, tree);
  const again = scenarioSchema.safeParse(toPlain(withoutEntries(tree, removable)));
  return { written: again.success ? again.data : null, problems, tainted };
}

function ruleProblems(
  written: WrittenScenario,
  tree: YamlTree,
  file: string,
  tainted: readonly DocumentPath[],
  knownVersions: readonly string[],
): Problem[] {
  const context: RuleContext = {
    written,
    network: resolveNetwork(written.network),
    name: written.name ?? scenarioNameOf(file),
    nodeCount: written.nodes.controlPlanes + written.nodes.workers,
    isWritten: (path) => nodeAt(tree, path) !== undefined,
    knownVersions,
    ruleIds: expectableRules(),
  };
  const isTainted = (path: DocumentPath): boolean => tainted.some((bad) => pathsTouch(bad, path));
  return ALL_RULES.filter((rule) => !rule.reads.some(isTainted)).flatMap((rule) =>
    rule
      .check(context)
      .filter(({ path }) => !isTainted(path))
      .map(({ path, message, atKey = false, severity = 'error' }) => {
        const position = atKey ? keyPositionOf(tree, path) : positionOf(tree, path);
        return makeProblem({ rule: rule.id, path, position, message, severity });
      }),
  );
}

/** A scenario that is to be refused by a rule, and is not, has a problem too. */
function unmetExpectation(expect: Expectation, problems: readonly Problem[], tree: YamlTree): Problem[] {
  if (expect === 'passed' || 'check' in expect) return [];
  // A rule that there is none of, or an expectation that can't be read, has been reported.
  if (problems.some(({ rule, severity }) => severity === 'error' && [expect.rule, 'expect'].includes(rule)))
    return [];
  const path = ['expect', 'rule'];
  const message = `rule ${expect.rule} is expected to refuse this file, and has nothing against it: change the file, or write expect: passed`;
  return [makeProblem({ rule: 'expect', path, position: positionOf(tree, path), message })];
}

/**
 * Reads a scenario from the text of a file: YAML, overrides, schema, rules, defaults. Never throws because of what the text holds;
 * all that is wrong is collected. `file` goes into positions, and names a scenario that has no name.
 */
export function parseScenario(text: string, file: string, options: ParseOptions = {}): ParsedScenario {
  const { provider: written, parsed } = parseOnce(text, file, options);
  if (written !== 'auto') return parsed;
  const candidates = PROVIDER_NAMES.map((provider) => {
    const overrides = [...(options.overrides ?? []), `provider=${provider}`];
    const { parsed: candidate } = parseOnce(text, file, { ...options, overrides });
    return { provider, candidate };
  });
  const judged = (outcome: LintJudgement['outcome']): ParsedScenario | undefined =>
    candidates.find(({ candidate }) => judgeLint(candidate).outcome === outcome)?.candidate;
  // It is for `auto` what it is for the first provider that takes it.
  const best = judged('accepted') ?? judged('refused-as-expected') ?? candidates[0]?.candidate ?? parsed;
  const auto = candidates.map(({ provider, candidate }) => ({ provider, problems: candidate.problems }));
  return { ...best, auto };
}

function parseOnce(
  text: string,
  file: string,
  options: ParseOptions,
): { readonly provider: WrittenScenario['provider'] | null; readonly parsed: ParsedScenario } {
  const { overrides = [], knownVersions = SUPPORTED_KUBERNETES_VERSIONS } = options;
  const yaml = readYaml(text.replace(/^\ufeff/, ''), file);
  if (yaml.tree === null) {
    const locate = (): Position => ({ file, line: 1, column: 1 });
    return {
      provider: null,
      parsed: { scenario: null, problems: yaml.problems, expect: null, auto: null, locate },
    };
  }
  const { tree, problems: overrideProblems } = applyOverrides(yaml.tree, overrides);
  const { written, problems: shapeProblems, tainted } = validate(tree);
  // What YAML has no value for is missing in the schema's eyes too, and is told once.
  const told = new Set(yaml.problems.map(({ position }) => JSON.stringify(position)));
  const untold = shapeProblems.filter(({ position }) => !told.has(JSON.stringify(position)));
  const problems = [...yaml.problems, ...overrideProblems, ...untold];
  const isExpectReadable = !tainted.some((path) => path[0] === 'expect');
  const expect = written !== null && isExpectReadable ? expectationOf(written) : null;
  if (written !== null) problems.push(...ruleProblems(written, tree, file, tainted, knownVersions));
  if (expect !== null) problems.push(...unmetExpectation(expect, problems, tree));
  problems.sort(compareProblems);
  const isSound = written !== null && !problems.some(({ severity }) => severity === 'error');
  const locate = (path: DocumentPath): Position => positionOf(tree, path);
  const scenario = isSound ? normalizeScenario(written, file) : null;
  return { provider: written?.provider ?? null, parsed: { scenario, problems, expect, auto: null, locate } };
}
