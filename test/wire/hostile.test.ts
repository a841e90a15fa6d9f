import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const MIB = 1024 * 1024;
const FRAME_LIMIT = 64 * MIB;

/**
 * What a hostile plugin may send, as scripts that write to stdout. Each is read in a process of its own, so
 * that its memory is its own.
 */
const HOSTILE: [what: string, script: string, outcome: RegExp][] = [
  [
    "garbage",
    `const b = require("crypto").randomBytes(65536); for (let i = 0; i < 2000; i++) w(b)`,
    /^eof noise 131072000$/,
  ],
  ["a header of 1 MB", `w("Content-Length: 1" + "1".repeat(1e6))`, /^header_too_long$/],
  ["a header of 1 MB that is not one", `w("X".repeat(1e6))`, /^eof noise 1000000$/],
  ["a length of -1", `w("Content-Length: -1\\r\\n\\r\\n{}")`, /^bad_content_length$/],
  ["a length of 12abc", `w("Content-Length: 12abc\\r\\n\\r\\n{}")`, /^bad_content_length$/],
  ["a length of 2^53", `w("Content-Length: 9007199254740992\\r\\n\\r\\n{}")`, /^bad_content_length$/],
  ["a length over the limit", `w("Content-Length: 67108865\\r\\n\\r\\n{}")`, /^frame_too_large$/],
  ["a length at the limit and no body", `w("Content-Length: 67108864\\r\\n\\r\\n{")`, /^eof truncated$/],
  [
    "a body at the limit that is not JSON",
    `w("Content-Length: 67108864\\r\\n\\r\\n"); for (let i = 0; i < 1024; i++) w("x".repeat(65536))`,
    /^bad_json$/,
  ],
  [
    "a body at the limit that never ends",
    `w("Content-Length: 67108864\\r\\n\\r\\n"); for (let i = 0; i < 1023; i++) w("x".repeat(65536))`,
    /^eof truncated$/,
  ],
  ["bytes that are not UTF-8", `w("Content-Length: 4\\r\\n\\r\\n{\\"\\xff\\"", "latin1")`, /^not_utf8$/],
  [
    "nesting 100,000 deep",
    `const b = '{"jsonrpc":"2.0","method":"a","params":' + "[".repeat(1e5) + "]".repeat(1e5) + "}"; w("Content-Length: " + b.length + "\\r\\n\\r\\n" + b)`,
    /^too_deep$/,
  ],
  [
    "a batch of a million",
    `const b = "[" + "1,".repeat(1e6) + "1]"; w("Content-Length: " + b.length + "\\r\\n\\r\\n" + b)`,
    /^eof$/,
  ],
];

const READER = `
  import { spawn } from "node:child_process";
  import { Deadlines } from "./src/wire/deadlines.ts";
  import { Peer } from "./src/wire/peer.ts";
  const write = "const w = (text, as) => require('fs').writeSync(1, Buffer.from(text, as));";
  const child = spawn(process.execPath, ["-e", write + process.argv[1]], { stdio: ["pipe", "pipe", "ignore"] });
  let most = 0;
  const start = process.memoryUsage().rss;
  const look = () => (most = Math.max(most, process.memoryUsage().rss));
  child.stdout.on("data", look);
  const peer = new Peer({
    input: child.stdout, output: child.stdin, deadlines: new Deadlines(), noise: "tolerate",
    onEnd(end) {
      look();
      const noise = peer.noiseBytes ? " noise " + peer.noiseBytes : "";
      const said = end.kind === "violation" ? end.violation.reason : end.kind + (end.truncated ? " truncated" : "") + noise;
      console.log(JSON.stringify([said, most - start]));
      child.kill();
      process.exit();
    },
  });
`;

test.each(HOSTILE)("%s is named, and takes less than twice the frame limit", async (_, script, outcome) => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module-typescript",
    "-e",
    READER,
    script,
  ]);
  const [said, grown]: [string, number] = JSON.parse(stdout);
  expect(said).toMatch(outcome);
  expect(grown).toBeLessThan(2 * FRAME_LIMIT);
});
