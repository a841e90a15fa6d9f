/** vscode-jsonrpc to a relay that has vscode-jsonrpc on both of its sides and validates with zod. */
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { startMiddle } from "../middle.ts";
import { payload } from "../payload.ts";
import { echo } from "../places.ts";
import { cpuMicros } from "../process-facts.ts";
import { serve } from "../serve.ts";
import { timed } from "../timed.ts";
import { versionOf } from "../versions.ts";

await serve(async () => {
  const { socket, pid, close } = await startMiddle("vscode", [echo]);
  const connection = createMessageConnection(
    new StreamMessageReader(socket),
    new StreamMessageWriter(socket),
  );
  connection.listen();
  return {
    about: { about: `${versionOf("vscode-jsonrpc")} twice, ${versionOf("zod")}`, relay: pid },
    measure(work) {
      const { method, params, check } = payload(work.bytes);
      const name = `echo.${method}`;
      const call = async (): Promise<void> => check(await connection.sendRequest(name, params));
      return timed(call, work, () => cpuMicros(pid));
    },
    close,
  };
});
