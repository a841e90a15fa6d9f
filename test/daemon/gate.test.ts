import { expect, test } from "vitest";
import { Gate } from "../../src/daemon/gate.ts";

const { signal } = new AbortController();

/** Work that ends when it is told to, and what of it has begun. */
function worker(gate: Gate) {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (client: object, name: string, by = signal): Promise<void> =>
    gate.run(client, by, () => {
      begun.push(name);
      return new Promise((resolve) => ends.push(resolve));
    });
  /** The oldest of those that run. */
  const end = async (): Promise<void> => {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, ask, end };
}

test("so many are let through at once, and the next when one has left", async () => {
  const { begun, ask, end } = worker(new Gate(2));
  const client = {};
  const all = ["a", "b", "c"].map((name) => ask(client, name));
  expect(begun).toEqual(["a", "b"]);
  await end();
  expect(begun).toEqual(["a", "b", "c"]);
  await end();
  await end();
  await Promise.all(all);
});

test("one client asks for much, and another one is the next to get a turn", async () => {
  const { begun, ask, end } = worker(new Gate(1));
  const [greedy, modest] = [{}, {}];
  const all = ["1", "2", "3", "4"].map((name) => ask(greedy, name));
  all.push(ask(modest, "first of the other"), ask(modest, "second of the other"));
  for (let n = 0; n < 6; n++) await end();
  expect(begun).toEqual(["1", "2", "first of the other", "3", "second of the other", "4"]);
  await Promise.all(all);
});

test("who wants it no more by then is let through to nothing, and keeps nobody's place", async () => {
  const { begun, ask, end } = worker(new Gate(1));
  const leaving = new AbortController();
  const client = {};
  const first = ask(client, "a");
  const second = ask(client, "b", leaving.signal);
  const third = ask(client, "c");
  leaving.abort(new Error("left"));
  await Promise.all([end(), expect(second).rejects.toThrow("left")]);
  expect(begun).toEqual(["a", "c"]);
  await end();
  await Promise.all([first, third]);
});

test("what fails leaves like what does not", async () => {
  const gate = new Gate(1);
  await expect(gate.run({}, signal, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await gate.run({}, signal, () => Promise.resolve("yes"))).toBe("yes");
});
