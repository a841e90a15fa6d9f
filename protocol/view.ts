/** The view api: a drawing as data, which a View plugin returns, and a terminal or anything else draws. */
import { z } from "zod";

const cell = z.union([z.string(), z.number(), z.null()]);

const textBlock = z.object({
  kind: z.literal("text"),
  /** Lines are separated by line feeds; whoever draws wraps the long ones. */
  text: z.string(),
});

const tableBlock = z.object({
  kind: z.literal("table"),
  columns: z.array(
    z.object({
      title: z.string(),
      align: z.enum(["left", "right"]).optional(),
      /** In characters; absent: as wide as the widest cell. */
      width: z.int().positive().optional(),
    }),
  ),
  /** As many cells in each as there are columns. */
  rows: z.array(z.array(cell)),
});

const chartBlock = z.object({
  kind: z.literal("chart"),
  title: z.string(),
  /** Of one point each: a bar for each series. Of more: the points stand side by side. */
  series: z.array(z.object({ label: z.string(), points: z.array(z.number()) })),
  /** Of the points, such as "B". */
  unit: z.string().optional(),
});

/** What a text is, rather than how it looks: whoever draws knows its colours, if there are any. */
export const viewTone = z.enum(["plain", "dim", "strong", "good", "warn", "bad", "accent"]);
export type ViewTone = z.output<typeof viewTone>;

/** Lines of a text in which some parts stand out. Since 1.1. */
const rowsBlock = z.object({
  kind: z.literal("rows"),
  rows: z.array(z.array(z.object({ text: z.string(), tone: viewTone.optional() }))),
});

export const viewBlock = z.discriminatedUnion("kind", [textBlock, tableBlock, chartBlock, rowsBlock]);
export type ViewBlock = z.output<typeof viewBlock>;

/** The result of `render`. */
export const view = z.object({ title: z.string(), blocks: z.array(viewBlock) });
export type View = z.output<typeof view>;

/** What every View plugin's `render` takes: the place that there is for the drawing, and what it is about. */
export const renderParams = z.object({
  width: z.int().positive().optional().describe("Characters in a line."),
  rows: z.int().positive().optional().describe("Lines."),
  subject: z.string().optional().describe("What to draw, where a plugin can draw several things."),
});
export type RenderParams = z.output<typeof renderParams>;
