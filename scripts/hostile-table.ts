/** Writes the hostile suite's table into docs/hostile.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { withTable } from "../test/hostile/table.ts";

const page = fileURLToPath(new URL("../docs/hostile.md", import.meta.url));
writeFileSync(page, withTable(readFileSync(page, "utf8")));
