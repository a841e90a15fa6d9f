import * as fc from "fast-check";
import { expect, test } from "vitest";
import { quoted } from "../../src/text/command-line.ts";
import { shellWords } from "../../src/text/shell-words.ts";

test.each<[text: string, words: string[] | undefined]>([
  ["", []],
  ["  valgrind  --error-exitcode=9 ", ["valgrind", "--error-exitcode=9"]],
  [`gdb -ex 'run' -ex "bt full"`, ["gdb", "-ex", "run", "-ex", "bt full"]],
  [`a\\ b ''c"d"\\'`, ["a b", "cd'"]],
  [`"\\"\\\\ \\n $HOME" '' $(x)`, [`"\\ \\n $HOME`, "", "$(x)"]],
  ["'open", undefined],
  ['"open', undefined],
  ["end\\", undefined],
])("%j", (text, words) => {
  expect(shellWords(text)).toEqual(words);
});

test("what is quoted for a shell is read as it was", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      expect(shellWords(words.map(quoted).join(" "))).toEqual(words);
    }),
  );
});
