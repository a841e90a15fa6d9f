/**
 * From results to a page for readers, with its charts beside it.
 *
 *   node bench/page.ts RESULTS.json [PAGE.md]     default: docs/benchmarks.md, charts in docs/benchmarks/
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./places.ts";
import { chart } from "./report/chart.ts";
import { page, pictures } from "./report/page.ts";
import type { Results } from "./results.ts";

const [from, to = path.join(root, "docs/benchmarks.md")] = process.argv.slice(2);
if (from === undefined) {
  process.stderr.write("usage: node bench/page.ts RESULTS.json [PAGE.md]\n");
  process.exit(2);
}
const results = JSON.parse(readFileSync(from, "utf8")) as Results;
const folder = path.basename(to, ".md");
const directory = path.join(path.dirname(to), folder);
mkdirSync(directory, { recursive: true });
for (const { file, title, bars } of pictures(results)) {
  writeFileSync(path.join(directory, file), chart(title, bars));
}
writeFileSync(to, page(results, folder));
