/** Signatures in the format of minisign, https://jedisct1.github.io/minisign: ed25519 over a file or over its hash. */
import { createPublicKey, verify } from "node:crypto";

export interface Signature {
  /** `legacy` signs the bytes themselves, `prehashed` their BLAKE2b-512. */
  readonly algorithm: "legacy" | "prehashed";
  /** Which key has made it, as minisign shows it. */
  readonly key: string;
  readonly signature: Buffer;
  /** Written by the signer, and signed as well. */
  readonly trustedComment: string;
  readonly globalSignature: Buffer;
}

export interface PublicKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** `RW…`, as in the second line of a `.pub` file; undefined: it is none. */
export function parsePublicKey(text: string): PublicKey | undefined {
  const bytes = fromBase64(text, 42);
  if (bytes === undefined || bytes.toString("latin1", 0, 2) !== "Ed") return undefined;
  return { id: keyId(bytes), key: bytes.subarray(10) };
}

/** The whole file; undefined: it is no signature. */
export function parseSignature(text: string): Signature | undefined {
  const [untrusted, first, comment, second, ...rest] = text
    .split("\n")
    .map((line) => line.replace(/\r$/, ""));
  if (untrusted?.startsWith("untrusted comment: ") !== true || rest.some((line) => line !== ""))
    return undefined;
  const prefix = "trusted comment: ";
  const bytes = fromBase64(first, 74);
  const globalSignature = fromBase64(second, 64);
  if (bytes === undefined || globalSignature === undefined || comment?.startsWith(prefix) !== true)
    return undefined;
  const algorithm = { Ed: "legacy", ED: "prehashed" }[bytes.toString("latin1", 0, 2)];
  if (algorithm !== "legacy" && algorithm !== "prehashed") return undefined;
  return {
    algorithm,
    key: keyId(bytes),
    signature: bytes.subarray(10),
    trustedComment: comment.slice(prefix.length),
    globalSignature,
  };
}

/** @param signed the file's bytes, or for `prehashed` their BLAKE2b-512 */
export function isSignedBy({ id, key }: PublicKey, signature: Signature, signed: Uint8Array): boolean {
  if (signature.key !== id) return false;
  const jwk = { kty: "OKP", crv: "Ed25519", x: key.toString("base64url") };
  const publicKey = createPublicKey({ key: jwk, format: "jwk" });
  const comment = Buffer.concat([signature.signature, Buffer.from(signature.trustedComment)]);
  return (
    verify(null, signed, publicKey, signature.signature) &&
    verify(null, comment, publicKey, signature.globalSignature)
  );
}

/** Eight bytes after the algorithm, which minisign shows as one little-endian number. */
function keyId(bytes: Buffer): string {
  return bytes.readBigUInt64LE(2).toString(16).toUpperCase().padStart(16, "0");
}

/** Node's decoder takes anything; a signature has one spelling. */
function fromBase64(text: string | undefined, length: number): Buffer | undefined {
  const bytes = Buffer.from(text ?? "", "base64");
  return bytes.length === length && bytes.toString("base64") === text ? bytes : undefined;
}
