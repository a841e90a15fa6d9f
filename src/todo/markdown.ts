/**
 * A list as a checklist in Markdown, which a person edits by hand. A todo is a line such as
 *
 *     - [ ] Paint the hull due:2026-12-31 !high <!-- 12 -->
 *
 * below which further in stand its notes, as they are, and its parts. The boxes are `[ ]` open, `[x]` done, `[/]` active,
 * `[!]` blocked and `[-]` cancelled. All else in the file stays as it is, and where it is.
 */
export { withIds } from "./markdown/document.ts";
export type { MarkdownDocument } from "./markdown/document.ts";
export { parseMarkdown } from "./markdown/parse.ts";
export { printMarkdown } from "./markdown/print.ts";
