import { describe, expect, test } from "vitest";
import type { RecordedMessage } from "../../protocol/state.ts";
import { withoutSecrets } from "../../src/core/message-head.ts";

const shown = (direction: RecordedMessage["direction"], head: string): string =>
  withoutSecrets({ beforeMs: 0, direction, bytes: head.length, head }, (method) => method === "a.login").head;

describe("to a plugin", () => {
  test("params of a method with secrets are left out, all of them", () => {
    expect(shown("to_plugin", '{"id":1,"method":"a.login","params":{"user":"u","password":"s')).toBe(
      '{"id":1,"method":"a.login"',
    );
  });

  test("those of others are there", () => {
    const head = '{"id":1,"method":"a.count","params":{"text":"one"}}';
    expect(shown("to_plugin", head)).toBe(head);
  });

  test("an answer has none", () => {
    const head = '{"id":1,"result":{"a":1}}';
    expect(shown("to_plugin", head)).toBe(head);
  });
});

describe("from a plugin", () => {
  test.each([
    [
      '{"id":1,"method":"host.call","params":{"target":"b/a.login","params":{"p":"s',
      '{"id":1,"method":"host.call"',
    ],
    ['{"id":1,"params" : {"target":"b/a.login","params":{"p":"s"}},"method":"host.call"}', '{"id":1'],
    ['{"id":1,"params":{"target":"b/a.login","params":{"p":"s', '{"id":1'],
  ])("what it asks of another plugin is left out: %s", (head, rest) => {
    expect(shown("from_plugin", head)).toBe(rest);
  });

  test("what it logs is there", () => {
    const head = '{"id":1,"method":"host.log","params":{"level":"info","msg":"m"}}';
    expect(shown("from_plugin", head)).toBe(head);
  });
});
