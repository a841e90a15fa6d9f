/** The crashes and restarts of all plugins, and the report of each crash. */
import type { ReactNode } from "react";
import { notice } from "../effect.ts";
import { Lines } from "../parts/lines.tsx";
import { step } from "../screen.ts";
import type { Scene, Screen } from "../screen.ts";
import { filtering, listKeys, pageKeys } from "./crashes/keys.ts";
import { listLines } from "./crashes/list-lines.ts";
import { openPageLines } from "./crashes/open-page.ts";
import { initialCrashes, openedPage } from "./crashes/state.ts";
import type { CrashesMessage, CrashesState, CrashesStep } from "./crashes/state.ts";
import { operatedNotice } from "./plugins/operator-keys.ts";

type State = CrashesState;

export const crashesScreen: Screen<CrashesState, CrashesMessage> = {
  id: "crashes",
  title: "Crashes",
  initial: initialCrashes,
  bindings: (state) => (state.page !== null ? pageKeys : isTyping(state) ? filtering.bindings : listKeys),
  isTyping,
  type: filtering.type,
  paste: filtering.paste,
  open,
  update,
  command: ({ page, plugin }) => {
    if (page !== null) return `crashes ${page.id}`;
    return plugin === null ? "crashes" : `crashes --plugin ${plugin}`;
  },
  View: CrashesView,
};

function isTyping({ filter, page }: State): boolean {
  return filter.isTyping && page === null;
}

/** `{ plugin }`: only of that one; `{ report }`: that report. */
function open(state: State, arg: unknown, scene: Scene): CrashesStep {
  if (typeof arg !== "object" || arg === null) return step(state);
  if ("report" in arg && typeof arg.report === "string") return openedPage(state, arg.report, scene);
  if ("plugin" in arg && typeof arg.plugin === "string") {
    const { older, loading } = state;
    return step({ ...initialCrashes, older, loading, plugin: arg.plugin });
  }
  return step(state);
}

function update(state: State, message: CrashesMessage): CrashesStep {
  switch (message.type) {
    case "report": {
      const { id, answer } = message;
      if (state.page?.id !== id) return step(state);
      // Asked for by its beginning, it is known by its whole id from now on.
      const whole = answer.ok ? answer.value.id : id;
      return step({ ...state, selected: whole, page: { ...state.page, id: whole, asked: answer } });
    }
    case "older": {
      const { answer } = message;
      if (!answer.ok) {
        const { message: text, code } = answer.error;
        return step({ ...state, loading: "possible" }, notice("bad", `${text} [${code}]`));
      }
      // An answer has its bounds in bytes too: what is not longer than before has come to an end.
      const isAll = answer.value.length < message.limit || answer.value.length <= state.older.length;
      return step({ ...state, older: answer.value, loading: isAll ? "all" : "possible" });
    }
    case "operated":
      return step(state, operatedNotice(message));
    default:
      return message satisfies never;
  }
}

function CrashesView({ state, scene }: { readonly state: State; readonly scene: Scene }): ReactNode {
  const lines = state.page === null ? listLines(state, scene) : openPageLines(state, scene);
  return <Lines lines={lines} rows={scene.size.rows} />;
}
