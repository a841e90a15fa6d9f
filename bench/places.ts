/** Where the programs are that the benchmarks run. */
import path from "node:path";

export const bench = import.meta.dirname;
export const root = path.join(bench, "..");
const built = path.join(bench, "build");

export const echo = path.join(built, "echo");
export const goPlugin = path.join(built, "go-plugin");
export const goModule = path.join(bench, "peers/go-plugin");
export const peers = path.join(bench, "peers");
/** The reference plugin of the C SDK. */
export const conformance = path.join(root, "protocol/sdk/c/build/conformance");
export const launcher = path.join(root, "scripts/bulkhead.cjs");
export const compiled = path.join(root, "dist/src/cli/bin.js");
