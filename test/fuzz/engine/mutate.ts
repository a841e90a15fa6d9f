/** Makes one input out of others: bytes are changed, doubled, taken out and put in, a few times over. */
import type { Chance, Weighed } from "../../chaos/chance.ts";

/** Beyond this nothing new is reached, and everything takes longer. Bytes. */
export const LARGEST = 64 * 1024;

export interface Material {
  readonly chance: Chance;
  /** Inputs that are known, to take pieces from. */
  readonly corpus: readonly Buffer[];
  readonly words: readonly Buffer[];
}

type Mutation = (input: Buffer, material: Material) => Buffer;

const mutations: Weighed<Mutation> = [
  [4, (input, { chance }) => changed(input, chance, (byte) => byte ^ (1 << chance.between(0, 7)))],
  [2, (input, { chance }) => changed(input, chance, () => chance.between(0, 255))],
  [4, (input, { chance }) => cut(input, chance, Buffer.of(chance.pick(telling)), 0)],
  [4, (input, { chance }) => cut(input, chance, Buffer.of(chance.pick(telling)), 1)],
  [4, (input, { chance }) => cut(input, chance, Buffer.alloc(0), spanOf(input, chance))],
  [6, (input, { chance, words }) => cut(input, chance, wordOf(chance, words), 0)],
  [4, (input, { chance, words }) => cut(input, chance, wordOf(chance, words), spanOf(input, chance))],
  [4, (input, { chance, corpus }) => cut(input, chance, pieceOf(chance.pick(corpus), chance), 0)],
  [2, (input, { chance, corpus }) => cut(input, chance, pieceOf(chance.pick(corpus), chance), Infinity)],
  [3, repeated],
  [4, renumbered],
];

/** What readers of text look at. */
const telling = [
  ...Buffer.from("\0\t\n\r \"'\\/{}[]():;,.=#+-_0129aeEnt\x7f"),
  0x80,
  0xbf,
  0xc3,
  0xe2,
  0xed,
  0xf0,
  0xff,
];

const numbers = [
  "0",
  "-0",
  "-1",
  "1",
  "2",
  "7",
  "16",
  "100",
  "255",
  "65536",
  "2147483648",
  "4294967296",
  "1e3",
  "1e999",
  "-1e999",
  "0.5",
];
const bounds = [
  "9007199254740991",
  "9007199254740992",
  "9223372036854775808",
  "18446744073709551616",
  "00000000000000001",
  "9".repeat(40),
];

export function mutated(input: Buffer, material: Material): Buffer {
  const { chance } = material;
  let output = input;
  // Mostly one or two changes, at times many.
  const times = 1 + Math.floor(7 * chance.next() ** 3);
  for (let i = 0; i < times; i++) {
    const next = chance.weighed(mutations)(output, material);
    if (next.length <= LARGEST) output = next;
  }
  return output;
}

function changed(input: Buffer, chance: Chance, change: (byte: number) => number): Buffer {
  const output = Buffer.from(input);
  const at = chance.between(0, Math.max(0, input.length - 1));
  if (input.length > 0) output[at] = change(input[at] ?? 0);
  return output;
}

/** With `piece` in the place of so many bytes, somewhere. */
function cut(input: Buffer, chance: Chance, piece: Buffer, bytes: number): Buffer {
  const at = chance.between(0, input.length);
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(at + bytes)]);
}

/** Mostly short. */
function spanOf(input: Buffer, chance: Chance): number {
  return Math.ceil(input.length * chance.next() ** 4);
}

function pieceOf(input: Buffer, chance: Chance): Buffer {
  const at = chance.between(0, input.length);
  return input.subarray(at, at + spanOf(input, chance));
}

function wordOf(chance: Chance, words: readonly Buffer[]): Buffer {
  return words.length === 0 ? Buffer.of(chance.pick(telling)) : chance.pick(words);
}

function repeated(input: Buffer, { chance }: Material): Buffer {
  const at = chance.between(0, input.length);
  const piece = input.subarray(at, at + spanOf(input, chance));
  // At times long enough for what looks at long texts in another way.
  const most = chance.happens(0.1) ? 4096 : 8;
  const times = Math.min(chance.between(1, most), Math.floor(LARGEST / Math.max(1, piece.length)));
  return Buffer.concat([
    input.subarray(0, at),
    ...Array.from({ length: times }, () => piece),
    input.subarray(at),
  ]);
}

/** With another number in place of one of its numbers. */
function renumbered(input: Buffer, { chance }: Material): Buffer {
  const text = input.toString("latin1");
  const found = [...text.matchAll(/\d+/g)];
  if (found.length === 0) return input;
  const { 0: digits, index } = chance.pick(found);
  const near = () => String(Number(digits) + chance.between(-2, 2));
  const number = chance.happens(0.4) ? near() : chance.pick(chance.happens(0.7) ? numbers : bounds);
  return Buffer.from(text.slice(0, index) + number + text.slice(index + digits.length), "latin1");
}
