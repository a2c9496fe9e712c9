import { typedCommand } from '../set-up.ts';
import { alignColumns } from '../../report/columns.ts';
import type { Palette } from '../../report/palette.ts';
import type { Finding, SetupCommand } from './finding.ts';

/** How findings are drawn. */
export interface FindingsLayout {
  /** Columns of the screen; null for no limit. */
  readonly width: number | null;
  readonly palette: Palette;
  /** Commands are shown as this user types them. */
  readonly root: boolean;
}

const SIGNS = { ok: 'ok', warning: 'warn', blocker: 'STOP' } as const;
/** Room for the longest sign and the longest id, so that groups stand below each other. */
const SIGN_WIDTH = 4;
const ID_WIDTH = 16;

/** Findings under their headings: what was seen, and of a problem its consequence, fix and undo. Commands are never broken. */
export function renderFindings(
  groups: readonly { readonly title: string; readonly findings: readonly Finding[] }[],
  layout: FindingsLayout,
): string[] {
  const all = groups.flatMap(({ findings }) => findings);
  const lines = groups.flatMap(({ title, findings }) => [
    layout.palette.bold(title),
    ...findings.flatMap((finding) => findingLines(finding, layout)),
  ]);
  const count = (severity: Finding['severity']): number =>
    all.filter((finding) => finding.severity === severity).length;
  const said = { blocker: count('blocker'), warning: count('warning') };
  const end =
    said.blocker > 0
      ? `${said.blocker} to be put right before a run can pass, ${said.warning} warning(s)`
      : said.warning > 0
        ? `A run can pass here; ${said.warning} warning(s)`
        : 'A run can pass here';
  const fixable = all.some(({ severity, fix }) => severity !== 'ok' && fix !== null);
  return [...lines, '', end, ...(fixable ? ['What has a fix: npm run scenario -- doctor --fix'] : [])];
}

function findingLines(finding: Finding, { width, palette, root }: FindingsLayout): string[] {
  const { severity, id, cause, consequence, fix, advice } = finding;
  const paint = { ok: palette.good, warning: palette.odd, blocker: palette.bad }[severity];
  const sign = paint(SIGNS[severity].padEnd(SIGN_WIDTH));
  const block = (rows: readonly (readonly string[])[], indent: number): string[] =>
    alignColumns(rows, { width, indent });
  const indent = SIGN_WIDTH + ID_WIDTH + 6;
  const commands = (title: string, list: readonly SetupCommand[]): string[] =>
    severity === 'ok' || list.length === 0
      ? []
      : [
          `${' '.repeat(indent)}${title}:`,
          ...list.map((command) => `${' '.repeat(indent + 2)}${typedCommand(command, root)}`),
        ];
  return [
    ...block([[sign, id.padEnd(ID_WIDTH), cause]], 2),
    ...(consequence === null ? [] : block([[`means: ${consequence}`]], indent)),
    ...commands('fix', fix?.commands ?? []),
    ...commands('undo', fix?.undo ?? []),
    ...(advice === null ? [] : block([[advice]], indent)),
  ];
}
