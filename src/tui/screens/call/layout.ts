/** Which parts are in sight, and how large. Pure. */
import type { Scene, Size } from "../../screen.ts";

/** Lines above what is in a part: what it is about, and how it is. */
export const headRows = 2;
/** Columns from which on form and result stand side by side. */
const wide = 120;
/** Between them. */
export const gutter = 3;

export function isWide({ size }: Scene): boolean {
  return size.columns >= wide;
}

export function formSize(scene: Scene): Size {
  const { columns, rows } = scene.size;
  return { columns: isWide(scene) ? Math.floor((columns - gutter) * 0.45) : columns, rows };
}

export function resultSize(scene: Scene): Size {
  const { columns, rows } = scene.size;
  return { columns: isWide(scene) ? columns - gutter - formSize(scene).columns : columns, rows };
}

/** Of the answer alone. */
export function bodySize(scene: Scene): Size {
  const { columns, rows } = resultSize(scene);
  return { columns, rows: Math.max(1, rows - headRows) };
}
