/** One request to a plugin, and all that came for it. */
import type { RpcError } from "../../protocol/error.ts";
import type { Id } from "../wire/scan.ts";

export type Answer =
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly error: RpcError };

export interface Item {
  readonly seq: number;
  readonly value: unknown;
  readonly cursor: string | undefined;
}

export class Call {
  readonly id: Id;
  /** In words, for failures. */
  readonly name: string;
  readonly items: Item[] = [];
  readonly progress: unknown[] = [];
  /** Items that the plugin may still send. */
  credit: number;
  /** The answer may carry data. */
  readonly takesData: boolean;
  answer: Answer | undefined;
  /** The answer carried some. */
  hasData = false;
  answers = 0;

  constructor(id: Id, name: string, credit: number, takesData: boolean) {
    this.id = id;
    this.name = name;
    this.credit = credit;
    this.takesData = takesData;
  }
}
