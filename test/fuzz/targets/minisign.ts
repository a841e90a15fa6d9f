/** Signatures and keys: nothing throws, nothing has two spellings, and only what was signed is signed. */
import * as fc from "fast-check";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isSignedBy, parsePublicKey, parseSignature } from "../../../src/io/trust/minisign.ts";
import type { Signature } from "../../../src/io/trust/minisign.ts";
import { must, pure } from "../target.ts";
import type { Target } from "../target.ts";
import { filesOf } from "./folder.ts";

function fixture(name: string): string {
  return readFileSync(new URL(`../../fixtures/minisign/${name}`, import.meta.url), "utf8");
}

const file = fixture("hello.txt");
const [, key = ""] = fixture("key.pub").split("\n");
const genuine = [fixture("hello.txt.minisig"), fixture("hello.txt.legacy.minisig")];
const signedBytes = { legacy: Buffer.from(file), prehashed: createHash("blake2b512").update(file).digest() };

/** The signature, a NUL, and the public key. */
function run(input: Buffer): void {
  const [text = "", keyText = key] = filesOf(input, 2).map((each) => each.toString());
  const publicKey = parsePublicKey(keyText);
  if (publicKey !== undefined) must(spellingOfKey(publicKey) === keyText, "a key has one spelling", keyText);
  const signature = parseSignature(text);
  if (signature === undefined) return;
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  must(
    spelling(signature).every((line, index) => lines[index + 1] === line),
    "a signature has one spelling",
    text,
  );
  must(
    publicKey === undefined ||
      typeof isSignedBy(publicKey, signature, signedBytes[signature.algorithm]) === "boolean",
    "a signature is good or bad",
  );
  const trusted = parsePublicKey(key);
  must(trusted !== undefined, "the key of the tests is one");
  if (!isSignedBy(trusted, signature, signedBytes[signature.algorithm])) return;
  const isGenuine = genuine.some((each) => {
    const [, first, comment, second] = each.split("\n");
    return [first, comment, second].every((line, index) => lines[index + 1] === line);
  });
  must(isGenuine, "only what was signed is signed", text);
}

/** All that is signed, line by line. */
function spelling({ algorithm, key: id, signature, trustedComment, globalSignature }: Signature): string[] {
  const first = Buffer.concat([Buffer.from(algorithm === "legacy" ? "Ed" : "ED"), idBytes(id), signature]);
  return [first.toString("base64"), `trusted comment: ${trustedComment}`, globalSignature.toString("base64")];
}

function spellingOfKey({ id, key: bytes }: { id: string; key: Buffer }): string {
  return Buffer.concat([Buffer.from("Ed"), idBytes(id), bytes]).toString("base64");
}

function idBytes(id: string): Buffer {
  must(/^[0-9A-F]{16}$/.test(id), "a key is named by sixteen digits", id);
  return Buffer.from(Buffer.from(id, "hex").toReversed());
}

const base64 = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((each) => Buffer.from(each).toString("base64"));
const made = fc
  .tuple(
    fc.constantFrom("RUS5C+VnE7aHB", "RUQ", "RWS5C+VnE7aHB"),
    base64(74),
    fc.string({ maxLength: 10 }),
    base64(64),
  )
  .map(
    ([start, first, comment, second]) =>
      `untrusted comment: x\n${start}${first.slice(start.length)}\ntrusted comment: ${comment}\n${second}\n`,
  );

export const minisign: Target = {
  name: "minisign",
  inputs: fc
    .tuple(
      fc.oneof(fc.constantFrom(...genuine), made),
      fc.oneof(
        fc.constant(key),
        base64(42).map((each) => `RWS5C+VnE7aHB${each.slice(13)}`),
      ),
    )
    .map((parts) => Buffer.from(parts.join("\0"))),
  words: ["untrusted comment: ", "trusted comment: ", "\r\n", "\n", "==", "RW", "RU", "\0", " "],
  covers: ["src/io/trust/minisign.ts"],
  tried: 500,
  start: pure(run),
};
