import { expect, test } from "vitest";
import { statusLines } from "../../src/cli/commands/status.ts";
import { stopped } from "../helpers/plugin-status.ts";

const plain = { style: (_: unknown, text: string): string => text };

test("sizes and times of the limits are in words", () => {
  const limits = {
    inFlight: 1,
    waiting: 1,
    frameBytes: 1024,
    depth: 1,
    stderrLineBytes: 1,
    process: { memory: 4_294_967_296, files: 64, cpu: 90, fileSize: 1_048_576 },
    usage: {},
  };
  expect(statusLines({ ...stopped, limits }, plain, 0)).toContain(
    "process     memory 4 GiB, 64 open files, CPU time 1m 30s, files of 1 MiB",
  );
});

test.each(["a very long story", "a restart can not help: a very long story"])(
  "an error that is the reason as well (%s) is told once",
  (why) => {
    const error = { code: "invalid_config", message: "a very long story", hint: "" } as const;
    const lines = statusLines({ ...stopped, state: "failed", why, error }, plain, 0);
    expect(lines.filter((line) => line.includes("a very long story"))).toEqual([
      "error       a very long story [invalid_config]",
    ]);
    expect(lines).toContain("state       failed");
  },
);
