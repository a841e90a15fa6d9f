/** The relay that one would write first: a vscode-jsonrpc connection on either side, zod for what goes through. */
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { relay } from "./relay.ts";
import { shapesOf } from "./shapes.ts";

relay(({ socket, input, output }) => {
  const caller = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
  const plugin = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(output));
  caller.onRequest(async (method, params) => {
    const shape = shapesOf(method);
    const result: unknown = await plugin.sendRequest(method, shape.params.parse(params));
    return shape.result.parse(result);
  });
  caller.listen();
  plugin.listen();
});
