/** What the fixture plugin's sink has kept. */
import { readFileSync } from "node:fs";

export interface Kept {
  readonly value: { readonly n: number };
  readonly cursor: string | null;
  readonly redelivered: boolean;
}

export function keptIn(file: string): Kept[] {
  const text = readFileSync(file, "utf8");
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Kept);
}

/** What there is in the order in which it came first, and which of it came again without a mark: the source has 0, 1, 2 … */
export function account(kept: readonly Kept[]): { numbers: number[]; unmarked: number[] } {
  const numbers = new Set<number>();
  const unmarked: number[] = [];
  for (const { value, redelivered } of kept) {
    if (numbers.has(value.n) && !redelivered) unmarked.push(value.n);
    numbers.add(value.n);
  }
  return { numbers: [...numbers], unmarked };
}

export function upTo(length: number): number[] {
  return Array.from({ length }, (_, n) => n);
}
