import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { makeFifo, temporaryDirectory } from "../fixtures/process/compile.ts";
import { supervise } from "../helpers/supervisor.ts";

const script = fileURLToPath(new URL("../fixtures/held-back.sh", import.meta.url));

test("a hundred plugins start at once: none waits until another is ready", async () => {
  const directory = temporaryDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const fifo = makeFifo(directory, "go");
  const go = openSync(fifo, constants.O_RDWR);
  onTestFinished(() => closeSync(go));
  const ids = Array.from({ length: 100 }, (_, n) => `plugin-${n}`);
  const supervisor = await supervise(
    Object.fromEntries(ids.map((id) => [id, { command: "/bin/sh", args: [script, fifo], start: "lazy" }])),
  );
  const handshaking = new Set<string>();
  const all = Promise.withResolvers<void>();
  supervisor.subscribe((event) => {
    if (event.type !== "session.state" || event.to !== "handshaking") return;
    handshaking.add(event.plugin);
    if (handshaking.size === ids.length) all.resolve();
  });
  const started = ids.map((id) => supervisor.start(id));
  // Each of them answers nothing until it has read one byte.
  await all.promise;
  writeSync(go, "\n".repeat(ids.length));
  const statuses = await Promise.all(started);
  expect(statuses.filter(({ state }) => state === "serving")).toHaveLength(ids.length);
});
