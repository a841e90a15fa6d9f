// The terminal interface with Ink and React as one file: found one by one, their modules take three times as long to load.
import path from "node:path";
import { rolldown } from "rolldown";
import { root } from "./setup.mjs";

const dist = path.join(root, "dist");
const tui = path.join(dist, "src", "tui");

const bundle = await rolldown({
  input: path.join(tui, "open.js"),
  platform: "node",
  // Ink loads its developer tools only where DEV is "true"; they are not installed.
  external: (id) => id === "react-devtools-core" || (id.startsWith(dist) && !id.startsWith(tui)),
  transform: {
    define: {
      "process.env.NODE_ENV": '"production"',
      "process.env.DEV": '"false"',
      // Yoga would fetch its own data URL, for which Node loads a whole HTTP client.
      fetch: "undefined",
    },
  },
});
await bundle.write({
  dir: tui,
  format: "esm",
  chunkFileNames: "[name]-chunk.js",
  minify: true,
  sourcemap: true,
});
await bundle.close();
