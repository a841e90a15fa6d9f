// A plugin that does nothing of its own accord: it tells the test what it is sent, and does what the test tells it.
import { spawn } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";

const strings = connect(process.argv[2]);
const tell = (event) => strings.write(`${JSON.stringify(event)}\n`);

const acts = {
  send(message) {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    writeSync(1, `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  },
  write: (text) => writeSync(1, text),
  closeStdin() {
    process.stdin.destroy();
    // Node leaves standard descriptors open.
    closeSync(0);
  },
  closeStdout: () => closeSync(1),
  openFiles: (count) => Array.from({ length: count }, () => openSync("/dev/null")),
  exit: (status) => process.exit(status),
  // A lie inside a frame, and away.
  lieAndExit(status) {
    writeSync(1, "Content-Length: 5\r\n\r\n{abc}");
    process.exit(status);
  },
  exitWhenAsked: (status) => process.on("SIGTERM", () => process.exit(status)),
  // Somebody else who has its pipes, which then do not end with it.
  leaveChild: () => void spawn("sleep", ["60"], { stdio: "inherit" }),
  ignoreTerm: () => process.on("SIGTERM", () => {}),
};

createInterface({ input: strings }).on("line", (line) => {
  const { act, value } = JSON.parse(line);
  acts[act](value);
  tell({ did: act });
});
// The test has gone.
strings.on("close", () => process.exit());
strings.on("error", () => process.exit());

let text = "";
process.stdin.on("data", (chunk) => {
  text += chunk.toString("latin1");
  for (;;) {
    const head = /Content-Length: (\d+)\r\n\r\n/.exec(text);
    if (head === null || text.length < head[0].length + Number(head[1])) return;
    const end = head[0].length + Number(head[1]);
    tell({ got: JSON.parse(Buffer.from(text.slice(head[0].length, end), "latin1").toString("utf8")) });
    text = text.slice(end);
  }
});
// Neither its end nor an error is a reason to leave: the test says when.
process.stdin.on("error", () => {});
