/** Pipes in the journal's file: what they join, and how far they have come. Never rejects. */
import type { Operation, Operations } from "./messages.ts";
import { json } from "./rows.ts";
import type { Answer } from "./thread.ts";

/** What it joins: never changed. Texts of the last two are for whoever wrote them to read. */
export interface PipeRow {
  readonly id: string;
  /** Unix time, milliseconds. */
  readonly createdAt: number;
  readonly source: string;
  readonly sink: string;
  /** JSON. */
  readonly params: string;
  /** JSON. */
  readonly progress: string;
}

export interface PipeRecord<Progress> extends Omit<PipeRow, "params" | "progress"> {
  readonly params: Readonly<Record<string, unknown>>;
  readonly progress: Progress;
}

type Ask = <O extends Operation>(
  op: O,
  args: Operations[O]["args"],
) => Promise<Answer<Operations[O]["result"]>>;

export class PipeTable {
  readonly #ask: Ask;

  /** @param ask reaches the journal's thread, whichever that is by then */
  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** In the order of their creation; rows whose JSON is damaged are left out. */
  async list(): Promise<Answer<PipeRecord<unknown>[]>> {
    const answer = await this.#ask("pipeList", null);
    return answer.ok ? { ok: true, value: answer.value.flatMap(decode) } : answer;
  }

  /** Once this is true, it survives the death of every process. A row of that id is replaced. */
  async add(record: PipeRecord<unknown>): Promise<Answer<null>> {
    return this.#ask("pipeAdd", { row: encode(record) });
  }

  /** The progress alone. Once this is true, it survives the death of every process. */
  async save(record: PipeRecord<unknown>): Promise<Answer<null>> {
    const row = encode(record);
    const answer = await this.#ask("pipeSave", { id: row.id, progress: row.progress });
    if (!answer.ok) return answer;
    // The file is another one by now: the old one was deleted, or was damaged.
    return answer.value ? { ok: true, value: null } : this.#ask("pipeAdd", { row });
  }

  async delete(id: string): Promise<Answer<null>> {
    return this.#ask("pipeDelete", { id });
  }
}

function encode({ params, progress, ...row }: PipeRecord<unknown>): PipeRow {
  return { ...row, params: JSON.stringify(params), progress: JSON.stringify(progress) };
}

function decode({ params, progress, ...row }: PipeRow): PipeRecord<unknown>[] {
  const parsed = json(params);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return [];
  return [{ ...row, params: { ...parsed }, progress: json(progress) }];
}
