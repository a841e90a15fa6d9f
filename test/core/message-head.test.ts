import { describe, expect, test } from "vitest";
import type { RecordedMessage } from "../../protocol/state.ts";
import { withoutSecretAnswers, withoutSecrets } from "../../src/core/message-head.ts";

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

const ofPlugin = (method: string | null): boolean => method === null || method === "a.token";

/** Heads of messages, `>` to the plugin and `<` from it, as they are kept where only answers of `a.token` may hold secrets. */
const kept = (heads: readonly string[], ofOthers = false): string[] => {
  const messages = heads.map((text): RecordedMessage => {
    const head = text.slice(1);
    const direction = text.startsWith(">") ? "to_plugin" : "from_plugin";
    return { beforeMs: 0, direction, bytes: head.length, head };
  });
  return withoutSecretAnswers(messages, { ofPlugin, ofOthers }).map(({ head }) => head);
};

describe("answers", () => {
  const token = '>{"jsonrpc":"2.0","id":7,"method":"a.token","params":{}}';
  const count = '>{"jsonrpc":"2.0","id":8,"method":"a.count","params":{}}';

  test.each([
    ['<{"jsonrpc":"2.0","id":7,"result":{"token":"s3', '{"jsonrpc":"2.0","id":7'],
    ['<{"jsonrpc":"2.0", "id" : 7 , "result" : "s3cret"}', '{"jsonrpc":"2.0", "id" : 7 '],
    [
      '<{"jsonrpc":"2.0","method":"$/item","params":{"id":7,"seq":0,"value":"s3',
      '{"jsonrpc":"2.0","method":"$/item"',
    ],
    [
      '<{"jsonrpc":"2.0","method":"$/progress","params":{"id":7,"value":"s3',
      '{"jsonrpc":"2.0","method":"$/progress"',
    ],
    ['<{"params":{"id":7,"value":"s3"},"method":"$/item"}', "{"],
  ])("of a method with secrets are left out: %s", (answer, rest) => {
    expect(kept([token, count, answer]).at(-1)).toBe(rest);
  });

  test.each([
    '<{"jsonrpc":"2.0","id":8,"result":{"count":1}}',
    '<{"jsonrpc":"2.0","method":"$/item","params":{"id":8,"seq":0,"value":1}}',
    '<{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"}}',
    '<{"jsonrpc":"2.0","id":7,"method":"host.log","params":{"result":"said"}}',
    '<{"jsonrpc":"2.0","method":"host.log","params":{"msg":"m"}}',
  ])("and all else is there: %s", (answer) => {
    expect(kept([token, count, answer])).toEqual([token, count, answer].map((each) => each.slice(1)));
  });

  test.each([
    ['<{"id":9,"result":"s3', '{"id":9'],
    ['<{"result":"s3", "id":8}', "{"],
    ['<{"result":"s3', "{"],
    ['<{"jsonrpc":"2.0","params":{"value":"s3', '{"jsonrpc":"2.0"'],
    ['<{"method":"$/item","params":{"value":{"id":8,"key":"s3"},"id":7}}', '{"method":"$/item"'],
  ])("whose call can not be seen may be of any method: %s", (answer, rest) => {
    expect(kept([count, answer]).at(-1)).toBe(rest);
  });

  test("of other plugins are left out, and those of the host are not", () => {
    const asked = ['<{"id":"a","method":"host.call","params":{', '<{"id":"b","method":"host.log","params":{'];
    const answers = ['>{"id":"a","result":"s3"}', '>{"id":"b","result":null}', '>{"id":"c","result":1}'];
    expect(kept([...asked, ...answers], true).slice(2)).toEqual([
      '{"id":"a"',
      '{"id":"b","result":null}',
      '{"id":"c"',
    ]);
    expect(kept([...asked, ...answers], false).slice(2)).toEqual(answers.map((each) => each.slice(1)));
  });
});
