import { EventEmitter } from "node:events";
import type { Key as InkKey } from "ink";
import { useInput } from "ink";
import { render } from "ink-testing-library";
import { createElement } from "react";
import { expect, test } from "vitest";
import { keysOf } from "../../src/tui/keys.ts";
import type { Key } from "../../src/tui/keys.ts";

/** What Ink makes of bytes from the terminal, and we of that. */
async function pressed(bytes: string): Promise<Key[]> {
  const keys: Key[] = [];
  const came = new EventEmitter();
  function Listener(): null {
    useInput((input: string, key: InkKey) => {
      keys.push(...keysOf(input, key));
      came.emit("key");
    });
    return null;
  }
  const { stdin, unmount } = render(createElement(Listener));
  // Ink listens when its effects have run.
  await new Promise(setImmediate);
  // The escape key is known only when nothing follows it for a while.
  const wait = bytes === "\u001B" ? new Promise((resolve) => came.once("key", resolve)) : undefined;
  stdin.write(bytes);
  await wait;
  unmount();
  return keys;
}

test.each<[what: string, bytes: string, names: readonly string[]]>([
  ["a letter", "j", ["j"]],
  ["a capital", "G", ["G"]],
  ["a letter of any script", "你", ["你"]],
  ["enter", "\r", ["enter"]],
  ["a line feed", "\n", ["enter"]],
  ["escape", "\u001B", ["esc"]],
  ["tab", "\t", ["tab"]],
  ["shift and tab", "\u001B[Z", ["shift+tab"]],
  ["space", " ", ["space"]],
  ["backspace", "\u007F", ["backspace"]],
  ["delete", "\u001B[3~", ["delete"]],
  ["an arrow", "\u001B[A", ["up"]],
  ["an arrow of an application keypad", "\u001BOB", ["down"]],
  ["ctrl and an arrow", "\u001B[1;5D", ["ctrl+left"]],
  ["page down", "\u001B[6~", ["pagedown"]],
  ["home", "\u001B[H", ["home"]],
  ["ctrl and a letter", "\u0004", ["ctrl+d"]],
  ["ctrl and space", "\0", ["ctrl+space"]],
  ["alt and a letter", "\u001Bb", ["alt+b"]],
  ["keys that came at once", "jjG", ["j", "j", "G"]],
  ["keys with a control character among them", "j\u0004\rx", ["j", "ctrl+d", "enter", "x"]],
  ["a letter and an arrow at once", "j\u001B[Bk", ["j", "down", "k"]],
  ["a function key", "\u001B[15~", []],
  ["a key that nobody knows", "\u001B[27;2;13~", []],
])("%s: %j", async (_, bytes, names) => {
  expect((await pressed(bytes)).map(({ name }) => name)).toEqual(names);
});

test("only what is a character types one", async () => {
  const keys = await pressed("a 你\u0004\r\t🚀\u001B[A\u007F");
  expect(keys.map(({ text }) => text).join("")).toBe("a 你🚀");
});
