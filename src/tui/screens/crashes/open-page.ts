/** The report that is open, as much of it as is in sight. Pure. */
import { nextStep } from "../../../text/failure.ts";
import { terminalLine } from "../../../text/sanitize.ts";
import { cut, fit, widthOf, wrap } from "../../parts/fit.ts";
import type { Scene } from "../../screen.ts";
import { tone } from "../../theme.ts";
import { pageLines } from "./page-lines.ts";
import type { PageLines } from "./page-lines.ts";
import { entriesOf, pageReport } from "./state.ts";
import type { CrashesState } from "./state.ts";

/** Of the page: one line says which report it is. */
export const pageRows = ({ size }: Scene): number => Math.max(1, size.rows - 1);

/** All lines of the open report; none where there is nothing to read yet. */
export function openReport(state: CrashesState, scene: Scene): PageLines {
  const report = pageReport(state, scene);
  if (report === null || "error" in report || state.page === null) return { lines: [], sections: [] };
  return pageLines(report, scene.size.columns, state.page.isWrapped);
}

export function openPageLines(state: CrashesState, scene: Scene): string[] {
  const { columns } = scene.size;
  const { page } = state;
  const report = pageReport(state, scene);
  if (page === null) return [];
  const rows = pageRows(scene);
  const { lines } = openReport(state, scene);
  const top = Math.min(page.top, Math.max(0, lines.length - rows));
  const crashes = entriesOf(state, scene).filter(({ kind }) => kind === "crash");
  const at = crashes.findIndex(({ key }) => key === page.id);
  const where = at < 0 ? "" : `report ${at + 1} of ${crashes.length}`;
  const part =
    lines.length <= rows ? "" : `lines ${top + 1}-${Math.min(lines.length, top + rows)} of ${lines.length}`;
  const side = [where, part].filter(Boolean).join(", ");
  const id = cut(terminalLine(page.id), Math.max(4, columns - widthOf(side) - 2));
  const head = tone("title", id) + tone("dim", fit(side, Math.max(0, columns - widthOf(id)), "right"));
  if (report === null) return [head, tone("dim", cut("Asking the daemon for it…", columns))];
  if ("error" in report) {
    const { error } = report;
    const why = wrap(terminalLine(`${error.message} [${error.code}]`).slice(0, 2000), columns);
    const next = wrap(terminalLine(`try: ${nextStep(error, {})}, or ctrl+r`).slice(0, 2000), columns);
    const words = [...why.map((line) => tone("bad", line)), ...next.map((line) => tone("dim", line))];
    return [head, "", ...words].slice(0, rows + 1);
  }
  return [head, ...lines.slice(top, top + rows)];
}
