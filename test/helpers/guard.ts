/** What only the guard makes true is tested where it was built; in CI nothing is skipped. */
import { findGuard } from "../../src/io/process/process.ts";

export const withoutGuard = findGuard() === undefined && process.env["CI"] === undefined;
