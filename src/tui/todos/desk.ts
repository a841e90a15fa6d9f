/** The todo host with its file, as the todo screen works with it. */
import type { SupervisorEvent } from "../../../protocol/state.ts";
import type { Client } from "../../client/client.ts";
import type { TodoList } from "../../todo/list.ts";

/** What of it is shown. */
export interface DeskView {
  readonly list: TodoList;
}

export interface DeskOptions {
  readonly file: string;
  /** Undefined: the daemon is away. */
  readonly client: Client | undefined;
  readonly onView: (view: DeskView) => void;
}

export class TodoDesk implements AsyncDisposable {
  static async open(_options: DeskOptions): Promise<TodoDesk> {
    return new TodoDesk();
  }

  /** The daemon is there again. */
  connected(_client: Client): void {}

  receive(_event: SupervisorEvent): void {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
