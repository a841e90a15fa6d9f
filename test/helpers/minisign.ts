/** Keys and signatures as minisign makes them, without minisign. */
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

export interface Key {
  /** Eight bytes. */
  readonly id: Buffer;
  /** As it stands in a configuration. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

export function newKey(): Key {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const id = randomBytes(8);
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  return { id, privateKey, publicKey: Buffer.concat([Buffer.from("Ed"), id, raw]).toString("base64") };
}

export function signatureOf(
  bytes: Uint8Array,
  { id, privateKey }: Key,
  {
    algorithm = "prehashed",
    comment = "timestamp:1",
  }: { algorithm?: "legacy" | "prehashed"; comment?: string } = {},
): string {
  const signed = algorithm === "legacy" ? bytes : createHash("blake2b512").update(bytes).digest();
  const signature = sign(null, signed, privateKey);
  const first = Buffer.concat([Buffer.from(algorithm === "legacy" ? "Ed" : "ED"), id, signature]);
  const second = sign(null, Buffer.concat([signature, Buffer.from(comment)]), privateKey);
  return [
    "untrusted comment: signature from a test",
    first.toString("base64"),
    `trusted comment: ${comment}`,
    second.toString("base64"),
    "",
  ].join("\n");
}
