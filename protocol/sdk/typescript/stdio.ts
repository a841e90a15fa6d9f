/**
 * Keeps standard output for the protocol: what JavaScript prints goes to stderr.
 *
 * Node can not copy a descriptor. `console.log` and `process.stdout.write` are redirected here; what writes to descriptor
 * 1 itself (a native module, a child process with `stdio: "inherit"`, `fs.writeSync(1)`) is not. A plugin that has such
 * code lets its shell line move the protocol to another descriptor and say which in BULKHEAD_STDOUT: see README.md.
 */
import { Socket } from "node:net";
import type { Writable } from "node:stream";
import { Writable as Sink } from "node:stream";

const VARIABLE = "BULKHEAD_STDOUT";

/** The stream that frames leave by. Once. */
export function takeStdout(): Writable {
  // A line that nobody reads must not end the plugin.
  process.stderr.on("error", () => {});
  const { stdout } = process;
  const fd = process.env[VARIABLE];
  // Not for children: there the number means nothing.
  delete process.env[VARIABLE];
  if (fd !== undefined) return new Socket({ fd: Number(fd), readable: false, writable: true });

  const write = stdout.write.bind(stdout);
  const output = new Sink({
    decodeStrings: false,
    write: (chunk: Buffer, _encoding, done) => void write(chunk, done),
  });
  stdout.on("error", (error) => output.destroy(error));
  stdout.write = process.stderr.write.bind(process.stderr);
  return output;
}

/** For the one who starts a plugin in a terminal. */
export function explain(name: string): string {
  const program = JSON.stringify(process.argv[1] ?? name);
  return (
    `${name} is a Bulkhead plugin: it speaks JSON-RPC over stdin and stdout, and a terminal does not.\n` +
    `To run it, add it to bulkhead.toml:\n\n    [plugins.${name}]\n    command = ${program}\n\nThen: bulkhead up\n`
  );
}
