import { afterEach, expect, test } from "vitest";
import { CancellationTokenSource, ProgressType, RequestType, ResponseError } from "vscode-jsonrpc/node";
import type { MessageConnection } from "vscode-jsonrpc/node";
import { BulkheadError } from "../../protocol/error.ts";
import { asMessageConnection } from "../../src/client/message-connection.ts";
import { described, FakeCaller } from "./fake-caller.ts";

const connections: MessageConnection[] = [];
afterEach(() => connections.splice(0).forEach((each) => each.dispose()));

const started = Promise.withResolvers<AbortSignal>();
const caller = new FakeCaller({
  p: {
    described: described("f"),
    calls: {
      "text.echo": (params) => params,
      "text.nothing": () => undefined,
      "text.fail": () => {
        throw new BulkheadError("no_such_file", "it is not there", 4, { code: "no_such_file", path: "/x" });
      },
      "text.break": () => {
        throw new TypeError("broken");
      },
      "text.wait": (_, { signal }) => {
        if (signal) started.resolve(signal);
        return Promise.withResolvers<unknown>().promise;
      },
      "text.progress": (params, { onProgress }) => {
        onProgress?.({ done: 1 });
        return params;
      },
    },
  },
});

async function connected(): Promise<MessageConnection> {
  const connection = await asMessageConnection(caller, "p");
  connections.push(connection);
  connection.listen();
  return connection;
}

const failure = async (promise: Promise<unknown>): Promise<ResponseError<unknown>> => {
  const error = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ResponseError);
  return error as ResponseError<unknown>;
};

test("requests are calls", async () => {
  const connection = await connected();
  const echo = new RequestType<{ a: number }, { a: number }, void>("text.echo");
  expect(await connection.sendRequest(echo, { a: 1 })).toEqual({ a: 1 });
  expect(await connection.sendRequest("text.echo")).toEqual({});
  expect(await connection.sendRequest("text.nothing")).toBeNull();
});

test("errors keep their numbers and their data", async () => {
  const connection = await connected();
  const error = await failure(connection.sendRequest("text.fail", {}));
  expect(error).toMatchObject({
    code: 4,
    message: "it is not there",
    data: { code: "no_such_file", path: "/x" },
  });
  expect((await failure(connection.sendRequest("text.none", {}))).code).toBe(-32601);
  expect((await failure(connection.sendRequest("text.echo", [1], 2))).code).toBe(-32602);
  expect((await failure(connection.sendRequest("text.break", {}))).message).toContain("broken");
});

test("cancelling a request cancels the call", async () => {
  const connection = await connected();
  const source = new CancellationTokenSource();
  const request = failure(connection.sendRequest("text.wait", {}, source.token));
  const signal = await started.promise;
  source.cancel();
  expect((await request).code).toBe(-32800);
  expect(signal.aborted).toBe(true);
});

test("progress arrives under the token of the params", async () => {
  const connection = await connected();
  const progress = Promise.withResolvers<unknown>();
  connection.onProgress(new ProgressType<unknown>(), "t1", progress.resolve);
  expect(await connection.sendRequest("text.progress", { a: 1, workDoneToken: "t1" })).toEqual({ a: 1 });
  expect(await progress.promise).toEqual({ done: 1 });
});

test("disposing of the connection cancels what is open", async () => {
  const open = Promise.withResolvers<AbortSignal>();
  const waiting = new FakeCaller({
    p: {
      described: described("f"),
      calls: {
        "a.b": (_, { signal }) => {
          if (signal) open.resolve(signal);
          return Promise.withResolvers<unknown>().promise;
        },
      },
    },
  });
  const connection = await asMessageConnection(waiting, "p");
  connection.listen();
  const request = failure(connection.sendRequest("a.b", {}));
  const signal = await open.promise;
  connection.dispose();
  expect(signal.aborted).toBe(true);
  await request;
});
