import { expect, test } from "vitest";
import { PluginStorage } from "../../../src/io/journal/storage.ts";

test("a plugin that asks without end keeps no other one waiting, and is answered in order", async () => {
  const asked: { readonly plugin: string; readonly key: string; readonly answer: () => void }[] = [];
  const storage = new PluginStorage((_op, args) => {
    const { plugin, key } = args as { plugin: string; key: string };
    return new Promise((resolve) => {
      const answer = (): void => resolve({ ok: true, value: null as never });
      asked.push({ plugin, key, answer });
    });
  });
  const greedy = Array.from({ length: 1000 }, (_, n) => storage.set("greedy", String(n), "1"));
  const modest = storage.get("modest", "a");
  expect(asked.length).toBeLessThan(20);
  expect(asked.at(-1)).toMatchObject({ plugin: "modest", key: "a" });
  asked.pop()?.answer();
  await modest;
  for (let n = 0; n < greedy.length; n++) {
    asked[n]?.answer();
    await greedy[n];
  }
  expect(asked.map(({ key }) => Number(key))).toEqual(greedy.map((_, n) => n));
});
