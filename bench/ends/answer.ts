import type { Method } from "../payload.ts";

/** What stands in for frames and ids where Node brings its own messages. */
export interface Asked {
  readonly id: number;
  readonly method: Method;
  readonly params: unknown;
}

export interface Answer {
  readonly id: number;
  readonly result: unknown;
}

export const answer = ({ id, method, params }: Asked): Answer => ({
  id,
  result: method === "one" ? 1 : params,
});
