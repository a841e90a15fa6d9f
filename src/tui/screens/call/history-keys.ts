/** The keys of the list of past calls. Pure. */
import { movedList, moveKeys } from "../../parts/list.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import { called, drafted } from "./calling.ts";
import { historyRows, pastCallIn, pastCommand } from "./history-lines.ts";
import { targetOf } from "./methods.ts";
import type { CallBinding, CallState, CallStep, PastCall } from "./state.ts";

type OnPast = (past: PastCall, state: CallState, scene: Scene) => CallStep;

const onPast = (run: OnPast): CallBinding["run"] => {
  return (state, scene) => {
    const past = pastCallIn(state, scene);
    if (past === undefined) return step(state);
    // The method may be described in another way by now.
    const { plugin, method } = past.target;
    const target = targetOf(scene.facts, plugin, method) ?? past.target;
    return run({ ...past, target }, state, scene);
  };
};

export const historyKeys: readonly CallBinding[] = [
  {
    keys: ["enter"],
    label: "its params into the form, to change them",
    hint: "edit",
    run: onPast((past, state, scene) => step(drafted(state, past.target, past.params, scene))),
  },
  {
    keys: ["r"],
    label: "call it again at once",
    hint: "again",
    changes: true,
    run: onPast((past, state, scene) =>
      called(drafted(state, past.target, past.params, scene), past.target, past.params, scene),
    ),
  },
  {
    keys: ["Y"],
    label: "copy the command that does the same",
    hint: "copy command",
    run: onPast((past, state) => step(state, { do: "copy", text: pastCommand(past), what: "the command" })),
  },
  {
    keys: ["esc", "h", "tab"],
    label: "back",
    hint: "back",
    run: (state) => step({ ...state, part: state.draft === null ? "picker" : "form" }),
  },
  ...moveKeys.map(({ keys, label, move }): CallBinding => ({
    keys,
    label,
    run: (state, scene) => {
      const historyAt = movedList(state.historyAt, move, state.history.length, historyRows(scene));
      return step({ ...state, historyAt });
    },
  })),
];
