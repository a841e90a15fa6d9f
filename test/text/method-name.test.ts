import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chooseMethod } from "../../src/cli/params.ts";
import { shortMethod } from "../../src/text/method-name.ts";

test("a method goes without its api where no other is called like that", () => {
  expect(shortMethod("chaos.panic", ["chaos.panic", "chaos.exit"])).toBe("panic");
  expect(shortMethod("a.same", ["a.same", "b.same"])).toBe("a.same");
  expect(shortMethod("a.b.c", ["a.b.c", "x.c"])).toBe("b.c");
  expect(shortMethod("x.c", ["a.b.c", "x.c"])).toBe("x.c");
});

test("the command line means the same method by it", () => {
  const word = fc.constantFrom("a", "b", "c");
  const name = fc.array(word, { minLength: 2, maxLength: 4 }).map((parts) => parts.join("."));
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 6 }), (offered) => {
      for (const method of offered) {
        expect(chooseMethod("p", shortMethod(method, offered), offered)).toBe(method);
      }
    }),
  );
});
