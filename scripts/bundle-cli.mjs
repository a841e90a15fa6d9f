// The command line in few files, in the place of what tsc made of its entry: to find and link its modules one by one takes
// longer than what most commands do. What is imported as a library stays as tsc made it.
import { rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import path from "node:path";
import { rolldown } from "rolldown";
import { root } from "./setup.mjs";

const source = path.join(root, "src");
const target = path.join(root, "dist", "src", "cli");

/** What every command begins with, and what asks the daemon: one file for all of it. The rest is loaded when it is needed. */
const client = ["cli/main.ts", "cli/leave.ts", "cli/commands/ps.ts", "client/client.ts"].map((file) =>
  path.join(source, file),
);
/** All that these import, but for what they load by `import()`. */
const imported = new Set();

/**
 * Node's modules as objects. Imported as ES modules they cost a start ten milliseconds, because Node then makes
 * everything that they export, such as all of `process`; of an object only that is made which is used.
 */
const objects = {
  name: "node-modules-as-objects",
  resolveId: (id, from) => (isBuiltin(id) && !from?.startsWith("\0") ? `\0${id}` : undefined),
  load: (id) =>
    id.startsWith("\0") && isBuiltin(id.slice(1))
      ? `module.exports = process.getBuiltinModule(${JSON.stringify(id.slice(1))});`
      : undefined,
};

const imports = {
  name: "imports-of-the-client",
  buildEnd() {
    const visit = (id) => {
      if (imported.has(id)) return;
      imported.add(id);
      this.getModuleInfo(id)?.importedIds.forEach(visit);
    };
    client.forEach(visit);
  },
};

const bundle = await rolldown({
  // The journal's thread is looked for beside the code that starts it. The entry itself stays apart from its code: it
  // waits for the command, which the command's own imports must not have to wait for.
  input: { bin: path.join(source, "cli/bin.ts"), "chunks/worker": path.join(source, "io/journal/worker.ts") },
  platform: "node",
  tsconfig: path.join(root, "tsconfig.json"),
  // pino finds its own threads by its own path. Ink loads its developer tools only where DEV is "true"; they are not
  // installed.
  external: ["pino", "react-devtools-core"],
  transform: {
    target: "es2024",
    define: {
      "process.env.NODE_ENV": '"production"',
      "process.env.DEV": '"false"',
      // Yoga would fetch its own data URL, for which Node loads a whole HTTP client.
      fetch: "undefined",
    },
  },
  plugins: [objects, imports],
  // What is in a chunk already is loaded lazily where the sources are run as they are.
  checks: { ineffectiveDynamicImport: false },
});
rmSync(path.join(target, "chunks"), { recursive: true, force: true });
await bundle.write({
  dir: target,
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name].js",
  codeSplitting: { groups: [{ name: "client", test: (id) => imported.has(id) }] },
  sourcemap: true,
});
await bundle.close();
