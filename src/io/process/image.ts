import type { FileHandle } from "node:fs/promises";

/**
 * What a file's first bytes say that it is. Field offsets: elf(5); Mach-O: <mach-o/loader.h>.
 */
export type Image =
  /** An executable for `architecture`; `loader` is the program that has to load it, if any. */
  | { readonly kind: "executable"; readonly architecture: string; readonly loader: string | undefined }
  /** A script, with the path of its interpreter. */
  | { readonly kind: "script"; readonly interpreter: string }
  /** Mach-O, which only macOS can judge. */
  | { readonly kind: "mach-o" }
  /** Anything else, with words for what it looks like. */
  | { readonly kind: "other"; readonly looksLike: string };

const SHARED_LIBRARY = "a shared library (in Rust: crate type cdylib or dylib), not an executable";

export async function identifyImage(file: FileHandle): Promise<Image> {
  const head = await readAt(file, 0, 512);
  if (head.length === 0) return other("an empty file");
  if (startsWith(head, "#!")) return { kind: "script", interpreter: interpreterOf(head) };
  if (startsWith(head, "\x7fELF")) return identifyElf(file, head);
  if (isMachO(head)) return { kind: "mach-o" };
  if (startsWith(head, "!<arch>\n")) return other("an archive (.a or .rlib), not an executable");
  if (startsWith(head, "MZ")) return other("a Windows executable");
  if (startsWith(head, "\0asm")) return other("a WebAssembly module");
  return other(isText(head) ? "a text file without a #! line" : "a data file of no known executable format");
}

function other(looksLike: string): Image {
  return { kind: "other", looksLike };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function startsWith(bytes: Buffer, magic: string): boolean {
  return bytes.subarray(0, magic.length).toString("latin1") === magic;
}

function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
}

function isMachO(head: Buffer): boolean {
  return (
    head.length >= 4 &&
    [0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe].includes(head.readUInt32BE(0))
  );
}

/** A carriage return stays in the name, as it does for the kernel. */
function interpreterOf(head: Buffer): string {
  const line = head.subarray(2).toString("utf8").split("\n", 1)[0] ?? "";
  return line.trimStart().split(/[ \t]/, 1)[0] ?? "";
}

/** e_machine to Node's names of architectures; word size and byte order are part of the name there. */
const MACHINES: Record<string, string> = {
  "3 32 little": "ia32",
  "40 32 little": "arm",
  "62 64 little": "x64",
  "183 64 little": "arm64",
  "243 64 little": "riscv64",
  "258 64 little": "loong64",
  "8 32 little": "mipsel",
  "8 32 big": "mips",
  "21 64 little": "ppc64",
  "21 64 big": "ppc64",
  "22 64 big": "s390x",
};

const ELF_TYPES: Record<number, string> = {
  1: "an object file (.o), not linked yet",
  4: "a core dump",
};

const [PT_DYNAMIC, PT_INTERP] = [2, 3];
const [DT_NULL, DT_DEBUG, DT_FLAGS_1, DF_1_PIE] = [0n, 21n, 0x6ffffffbn, 0x08000000n];

async function identifyElf(file: FileHandle, head: Buffer): Promise<Image> {
  if (head.length < 52 || (head[4] === 2 && head.length < 64)) return other("a truncated ELF file");
  const elf = elfReader(head);
  const { bits, order } = elf;
  const machine = elf.u16(head, 18);
  const architecture =
    MACHINES[`${machine} ${bits} ${order}`] ?? `ELF machine ${machine} (${bits} bit, ${order} endian)`;
  const type = elf.u16(head, 16);
  if (type !== 2 && type !== 3) return other(ELF_TYPES[type] ?? `an ELF file of unknown type ${type}`);

  const segments = await readSegments(file, head, elf);
  const interp = segments.find((segment) => segment.type === PT_INTERP);
  const loader = interp && (await readAt(file, interp.offset, Math.min(interp.size, 4096)));
  if (type === 3 && loader === undefined) {
    // No loader: a library, or a static executable at any address, which its linker marks as such.
    const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
    const table = dynamic && (await readAt(file, dynamic.offset, Math.min(dynamic.size, 65_536)));
    if (elf.word(head, 24) === 0n || !marksExecutable(table ?? Buffer.alloc(0), elf))
      return other(SHARED_LIBRARY);
  }
  return { kind: "executable", architecture, loader: loader?.toString("utf8").split("\0", 1)[0] };
}

function marksExecutable(dynamic: Buffer, elf: ElfReader): boolean {
  const size = elf.bits / 8;
  for (let at = 0; at + 2 * size <= dynamic.length; at += 2 * size) {
    const tag = elf.word(dynamic, at);
    if (tag === DT_NULL) return false;
    if (tag === DT_DEBUG) return true;
    if (tag === DT_FLAGS_1 && (elf.word(dynamic, at + size) & DF_1_PIE) !== 0n) return true;
  }
  return false;
}

interface ElfReader {
  readonly bits: 32 | 64;
  readonly order: "little" | "big";
  u16(bytes: Buffer, at: number): number;
  u32(bytes: Buffer, at: number): number;
  /** A field of the file's word size. */
  word(bytes: Buffer, at: number): bigint;
}

function elfReader(head: Buffer): ElfReader {
  const bits = head[4] === 2 ? 64 : 32;
  const little = head[5] !== 2;
  const u32 = (bytes: Buffer, at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  return {
    bits,
    order: little ? "little" : "big",
    u16: (bytes, at) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
    u32,
    word: (bytes, at) => {
      if (bits === 32) return BigInt(u32(bytes, at));
      return little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at);
    },
  };
}

async function readSegments(
  file: FileHandle,
  head: Buffer,
  elf: ElfReader,
): Promise<{ type: number; offset: number; size: number }[]> {
  const wide = elf.bits === 64;
  const start = Number(elf.word(head, wide ? 32 : 28));
  const entrySize = elf.u16(head, wide ? 54 : 42);
  const count = elf.u16(head, wide ? 56 : 44);
  if (!Number.isSafeInteger(start) || entrySize < (wide ? 56 : 32)) return [];
  const table = await readAt(file, start, Math.min(entrySize * count, 65_536));
  const segments = [];
  for (let at = 0; at + entrySize <= table.length; at += entrySize) {
    const offset = Number(elf.word(table, at + (wide ? 8 : 4)));
    const size = Number(elf.word(table, at + (wide ? 32 : 16)));
    if (Number.isSafeInteger(offset) && Number.isSafeInteger(size)) {
      segments.push({ type: elf.u32(table, at), offset, size });
    }
  }
  return segments;
}
