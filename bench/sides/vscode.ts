/** A stock vscode-jsonrpc connection to the same C program. */
import { spawn } from "node:child_process";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { payload } from "../payload.ts";
import { echo } from "../places.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";
import { versionOf } from "../versions.ts";

await serve(async () => {
  const child = spawn(echo, [], { stdio: ["pipe", "pipe", "inherit"] });
  const connection = createMessageConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  );
  connection.listen();
  return {
    about: { about: versionOf("vscode-jsonrpc") },
    measure(work) {
      const { method, params, check } = payload(work.bytes);
      const name = `echo.${method}`;
      return timed(async () => check(await connection.sendRequest(name, params)), work);
    },
    close: () => void child.kill(),
  };
});
