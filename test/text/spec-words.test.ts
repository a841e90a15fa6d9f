import { expect, test } from "vitest";
import { defaults } from "../../protocol/config.ts";
import {
  aliasWords,
  isolationNames,
  isolationWords,
  limitWords,
  processLimitWords,
  restartWords,
  timeoutWords,
} from "../../src/text/spec-words.ts";

test("the defaults in words", () => {
  expect(restartWords(defaults.restart)).toBe("on-failure, 500ms to 30s, at most 8 failures in 10m");
  expect(timeoutWords(defaults.timeouts)).toBe("handshake 10s, call 30s idle, no total, drain 5s");
  expect(limitWords(defaults.limits)).toBe("4096 calls in flight, 1024 waiting, frames of 64 MiB");
});

test("what there is none of has no words", () => {
  expect(processLimitWords({})).toBeUndefined();
  expect(aliasWords({})).toBeUndefined();
  expect(aliasWords({ words: "text" })).toBe("words (text)");
  expect(processLimitWords({ memory: 4 * 1024 ** 3, files: 1 })).toBe("memory 4 GiB, 1 open file");
  expect(processLimitWords({ core: 0 })).toBe("no core dumps");
});

test("isolation: in short, or what each item means; one of a newer daemon is its name", () => {
  expect(isolationNames({ orphansKilled: true, resourceLimits: false })).toBe(
    "orphansKilled, not resourceLimits",
  );
  expect(isolationWords("orphansKilled")).toBe("dies with the daemon, even when that is killed");
  expect(isolationWords("constructor")).toBe("constructor");
});
