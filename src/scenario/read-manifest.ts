import { isMap, isNode, isSeq, LineCounter, parseAllDocuments, type Document, type Tags } from 'yaml';
import type { DocumentPath } from './document-path.ts';
import { makeProblem, printable, type Position, type Problem } from './problem.ts';
import { isRecord, readService } from './read-service.ts';
import type { Manifest, ManifestObject } from './manifest.ts';
import type { ScenarioNetwork } from './resolve-network.ts';

/** Objects that every run makes in the namespace `default`. */
const OURS = new Set(['Deployment/nginxdualstack', 'Service/nginx-dualstack', 'DaemonSet/twinstack-probe']);

/** What is not one of YAML 1.1's types for kubectl either: times in sexagesimal, and dates. */
function withoutTimes(tags: Tags): Tags {
  return tags.filter(
    (tag) => typeof tag === 'string' || !(tag.format === 'TIME' || tag.tag.endsWith(':timestamp')),
  );
}

/** What a manifest is read for. */
export interface ManifestContext {
  /** Path for messages. */
  readonly file: string;
  /** What its Services are held against; null where nothing is asked of them. */
  readonly network: Pick<ScenarioNetwork, 'families' | 'primaryFamily'> | null;
}

/**
 * Reads a manifest as kubectl does: YAML 1.1, several documents, lists of objects. All that is wrong is collected; every object needs
 * a kind and a name, and none may be there twice.
 */
export function readManifest(
  text: string,
  { file, network }: ManifestContext,
): Pick<Manifest, 'objects' | 'services'> & { readonly problems: readonly Problem[] } {
  const lines = new LineCounter();
  const problems: Problem[] = [];
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const report = (position: Position, message: string, severity: Problem['severity'] = 'error'): void => {
    problems.push(makeProblem({ rule: 'manifest', path: [], position, message, severity }));
  };
  const objects: ManifestObject[] = [];
  for (const document of documentsOf(text, lines, report, file)) {
    const [error] = document.errors;
    if (error !== undefined) {
      report(at(error.pos[0]), `not YAML: ${printable(error.message.split('\n')[0] ?? '')}`);
      continue;
    }
    const position = at(document.contents?.range?.[0] ?? 0);
    const content = plain(document, position, report);
    const locate = (path: DocumentPath): Position => at(offsetOf(document, path));
    if (content !== null) objects.push(...objectsOf(content, [], { position, locate, report }));
  }
  if (objects.length === 0 && problems.length === 0)
    report({ file, line: 1, column: 1 }, 'has no Kubernetes object in it');
  const seen = new Map<string, Position>();
  for (const { kind, name, namespace, position } of objects) {
    const key = `${kind}/${namespace}/${name}`;
    const first = seen.get(key);
    if (first !== undefined) report(position, `${kind} ${name} is there twice: first in line ${first.line}`);
    else if (namespace === 'default' && OURS.has(`${kind}/${name}`))
      report(position, `${kind} ${name} is made by every run: give yours another name`);
    seen.set(key, position);
  }
  const services = objects.flatMap((object) =>
    network !== null && object.kind === 'Service' && object.apiVersion === 'v1'
      ? readService(object, network, report)
      : [],
  );
  return { objects, services, problems };
}

type Reporter = (position: Position, message: string, severity?: Problem['severity']) => void;

function documentsOf(text: string, lines: LineCounter, report: Reporter, file: string): Document.Parsed[] {
  try {
    const parsed = parseAllDocuments(text.replace(/^\ufeff/, ''), {
      version: '1.1',
      customTags: withoutTimes,
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
    });
    return [...parsed] as Document.Parsed[];
  } catch (error) {
    // Values that are nested thousands deep end the library's recursion.
    if (!(error instanceof RangeError)) throw error;
    report({ file, line: 1, column: 1 }, 'values are nested too deep');
    return [];
  }
}

/** A document as plain data; null where it is empty or no object. */
function plain(
  document: Document.Parsed,
  position: Position,
  report: Reporter,
): Record<string, unknown> | null {
  if (document.contents === null) return null;
  if (!isMap(document.contents)) {
    const isNothing = !isSeq(document.contents) && (document.toJS() as unknown) === null;
    if (!isNothing) report(position, 'is no Kubernetes object: an object is a map with kind and metadata');
    return null;
  }
  try {
    return document.toJS() as Record<string, unknown>;
  } catch (error) {
    // Such as aliases that stand for too much.
    report(position, `can't be read: ${printable(error instanceof Error ? error.message : String(error))}`);
    return null;
  }
}

/** Where a value begins; where there is none, the nearest that would hold it. */
function offsetOf(document: Document.Parsed, path: DocumentPath): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

/** Where the objects of a document stand, and whom to tell what is wrong with them. */
interface Place {
  readonly position: Position;
  readonly locate: (path: DocumentPath) => Position;
  readonly report: Reporter;
}

/** @param path of the content in its document. */
function objectsOf(
  content: Readonly<Record<string, unknown>>,
  path: DocumentPath,
  place: Place,
): ManifestObject[] {
  const { apiVersion, kind, metadata, items } = content;
  const { position, locate, report } = place;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    report(position, 'has no apiVersion and kind: each object needs both, as text');
    return [];
  }
  if (kind.endsWith('List') && Array.isArray(items)) {
    return items.flatMap((item, index) =>
      isRecord(item)
        ? objectsOf(item, [...path, 'items', index], place)
        : (report(position, `${printable(kind)} holds what is no object`), []),
    );
  }
  const { name, namespace = 'default' } = isRecord(metadata) ? metadata : {};
  if (typeof name !== 'string' || name === '') {
    report(position, `${printable(kind)} has no metadata.name; generateName can't be applied`);
    return [];
  }
  if (typeof namespace !== 'string') {
    report(position, `${printable(kind)} ${printable(name)} has a metadata.namespace that is no text`);
    return [];
  }
  const within = (inner: DocumentPath): Position => locate([...path, ...inner]);
  return [{ apiVersion, kind, name, namespace, position, content, locate: within }];
}
