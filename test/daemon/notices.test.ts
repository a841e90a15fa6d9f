import { expect, test } from "vitest";
import { Notices } from "../../src/daemon/notices.ts";

test("the same, again and again, is one notice with its latest time, and news when something was in between", () => {
  let now = 1;
  const notices = new Notices(() => now);
  expect(notices.add("the disk is full", false)).toBe(true);
  expect(notices.add("the disk is full", false)).toBe(false);
  notices.add("there is room again", true);
  now = 9;
  expect(notices.add("the disk is full", false)).toBe(true);
  expect(notices.list()).toEqual([
    { at: 1, message: "there is room again", ok: true, count: 1 },
    { at: 9, message: "the disk is full", ok: false, count: 3 },
  ]);
});

test("the oldest give way", () => {
  const notices = new Notices(() => 0);
  for (let n = 0; n < 100; n++) notices.add(`problem ${n}`, false);
  expect(notices.list()).toHaveLength(20);
  expect(notices.list().at(-1)?.message).toBe("problem 99");
});
