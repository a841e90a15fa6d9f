import { createHash, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSignedBy, parsePublicKey, parseSignature } from "../../../src/io/trust/minisign.ts";
import { newKey, signatureOf } from "../../helpers/minisign.ts";

const folder = path.join(import.meta.dirname, "../../fixtures/minisign");
const fixture = (name: string): string => readFileSync(path.join(folder, name), "utf8");
const blake2b = (bytes: Uint8Array): Buffer => createHash("blake2b512").update(bytes).digest();

function key(text: string) {
  const parsed = parsePublicKey(text);
  if (parsed === undefined) throw new Error("no key");
  return parsed;
}

function signature(text: string) {
  const parsed = parseSignature(text);
  if (parsed === undefined) throw new Error("no signature");
  return parsed;
}

describe("what minisign 0.11 itself has made", () => {
  const content = Buffer.from(fixture("hello.txt"));
  const publicKey = key(fixture("key.pub").split("\n")[1] ?? "");

  test("is read as minisign shows it", () => {
    expect(publicKey.id).toBe("0587B61367E50BB9");
    expect(signature(fixture("hello.txt.minisig"))).toMatchObject({
      algorithm: "prehashed",
      key: "0587B61367E50BB9",
      trustedComment: "version 1.2.0",
    });
    expect(signature(fixture("hello.txt.legacy.minisig")).algorithm).toBe("legacy");
  });

  test("holds for the file, prehashed and legacy", () => {
    expect(isSignedBy(publicKey, signature(fixture("hello.txt.minisig")), blake2b(content))).toBe(true);
    expect(isSignedBy(publicKey, signature(fixture("hello.txt.legacy.minisig")), content)).toBe(true);
  });

  test("holds for no other file", () => {
    const other = Buffer.concat([content, Buffer.from(" ")]);
    expect(isSignedBy(publicKey, signature(fixture("hello.txt.minisig")), blake2b(other))).toBe(false);
    expect(isSignedBy(publicKey, signature(fixture("hello.txt.legacy.minisig")), other)).toBe(false);
  });
});

describe("signatures of any file by any key", () => {
  test.each(["prehashed", "legacy"] as const)("%s ones hold, for this key alone", (algorithm) => {
    const [ours, other] = [newKey(), newKey()];
    fc.assert(
      fc.property(fc.uint8Array(), fc.stringMatching(/^[^\r\n]*$/), (bytes, comment) => {
        // What is written to a file is well-formed.
        const written = signature(signatureOf(bytes, ours, { algorithm, comment: comment.toWellFormed() }));
        const signed = algorithm === "legacy" ? bytes : blake2b(bytes);
        expect(isSignedBy(key(ours.publicKey), written, signed)).toBe(true);
        expect(isSignedBy(key(other.publicKey), written, signed)).toBe(false);
      }),
    );
  });

  test("another trusted comment is another signature", () => {
    const ours = newKey();
    const written = signature(signatureOf(Buffer.from("x"), ours, { comment: "version 1" }));
    const changed = { ...written, trustedComment: "version 2" };
    expect(isSignedBy(key(ours.publicKey), written, blake2b(Buffer.from("x")))).toBe(true);
    expect(isSignedBy(key(ours.publicKey), changed, blake2b(Buffer.from("x")))).toBe(false);
  });

  test("a key that only has the same number is another key", () => {
    const ours = newKey();
    const { privateKey } = generateKeyPairSync("ed25519");
    const forged = signature(signatureOf(Buffer.from("x"), { ...ours, privateKey }));
    expect(forged.key).toBe(key(ours.publicKey).id);
    expect(isSignedBy(key(ours.publicKey), forged, blake2b(Buffer.from("x")))).toBe(false);
  });

  test("a bit flipped anywhere in the signature's two lines makes it no signature, or a wrong one", () => {
    const ours = newKey();
    const bytes = Buffer.from("content");
    const lines = signatureOf(bytes, ours).split("\n");
    fc.assert(
      fc.property(fc.constantFrom(1, 3), fc.nat(), (line, bit) => {
        const raw = Buffer.from(lines[line] ?? "", "base64");
        const at = bit % (raw.length * 8);
        raw[at >> 3] = (raw[at >> 3] ?? 0) ^ (1 << (at & 7));
        const text = lines.with(line, raw.toString("base64")).join("\n");
        const parsed = parseSignature(text);
        const signed = parsed?.algorithm === "legacy" ? bytes : blake2b(bytes);
        expect(parsed !== undefined && isSignedBy(key(ours.publicKey), parsed, signed)).toBe(false);
      }),
    );
  });
});

describe("what is none", () => {
  const whole = fixture("hello.txt.minisig");
  const lines = whole.split("\n");

  test.each([
    ["an empty file", ""],
    ["a file that ends too early", lines.slice(0, 3).join("\n")],
    ["one line more", `${whole}more\n`],
    ["no untrusted comment", whole.replace("untrusted comment: ", "")],
    ["no trusted comment", lines.with(2, "comment: x").join("\n")],
    ["base64 that is none", lines.with(1, "!").join("\n")],
    ["base64 in another spelling", lines.with(3, ` ${lines[3]}`).join("\n")],
    ["another algorithm", lines.with(1, `XX${(lines[1] ?? "").slice(2)}`).join("\n")],
  ])("%s", (_what, text) => {
    expect(parseSignature(text)).toBeUndefined();
  });

  test("a file with CR LF is read like any other", () => {
    expect(parseSignature(whole.replaceAll("\n", "\r\n"))).toEqual(parseSignature(whole));
  });

  test("half of a key, or one of another algorithm, is no public key", () => {
    expect(parsePublicKey("RWQ=")).toBeUndefined();
    expect(parsePublicKey(Buffer.alloc(42).toString("base64"))).toBeUndefined();
  });
});
