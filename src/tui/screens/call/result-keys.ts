/** The keys of a call that is under way or over. Pure. */
import { callCommand } from "../../../text/command-line.ts";
import { jsonText } from "../../../text/sanitize.ts";
import { moveKeys, scrolled } from "../../parts/list.ts";
import type { Move } from "../../parts/list.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import { called, cancelled } from "./calling.ts";
import { bodySize } from "./layout.ts";
import { lookedAtOtherwise, looksOf } from "./looks.ts";
import { paramsOf } from "./methods.ts";
import { toHistory, toMethods } from "./picker-keys.ts";
import { bodyCount, topOf } from "./result-lines.ts";
import { isRunning } from "./state.ts";
import type { Call, CallBinding, CallState, CallStep } from "./state.ts";

type OnCall = (call: Call, state: CallState, scene: Scene) => CallStep;

const onCall = (run: OnCall): CallBinding["run"] => {
  return (state, scene) => (state.call === null ? step(state) : run(state.call, state, scene));
};

const isOn = (test: (call: Call) => boolean): NonNullable<CallBinding["when"]> => {
  return ({ call }) => call !== null && test(call);
};

function scrolledBy(call: Call, state: CallState, move: Move, scene: Scene): CallStep {
  const { columns, rows } = bodySize(scene);
  const count = bodyCount(call, columns);
  const top = scrolled(topOf(call, count, rows), move, count, rows);
  return step({ ...state, call: { ...call, top, isFollowing: top >= count - rows } });
}

/** Asked for with every key and every picture, so nothing is made for it. */
function hasComeBack({ answer, target }: Call): boolean {
  return target.isStream || answer !== null;
}

/** What came back, as JSON to take away; undefined: nothing. */
function cameBack({ answer, items, target }: Call): string | undefined {
  if (target.isStream) return items.map((item) => jsonText(item)).join("\n");
  if (answer === null) return undefined;
  return answer.ok
    ? jsonText(answer.value, 2)
    : jsonText({ code: answer.error.code, message: answer.error.message, data: answer.error.data }, 2);
}

export function commandOf({ target, params }: Call): string {
  return callCommand(target.plugin, target.short, params, paramsOf(target));
}

function reportOf({ answer }: Call): string | undefined {
  return answer?.ok === false ? answer.error.report : undefined;
}

export const resultKeys: readonly CallBinding[] = [
  {
    keys: ["esc", "ctrl+x"],
    label: "cancel the call",
    hint: "cancel",
    when: ({ call }) => isRunning(call),
    run: cancelled,
  },
  {
    keys: ["enter", "x"],
    label: "the report of the crash",
    hint: "report",
    when: isOn((call) => reportOf(call) !== undefined),
    run: onCall((call, state) =>
      step(state, { do: "go", screen: "crashes", arg: { report: reportOf(call) } }),
    ),
  },
  {
    keys: ["tab", "esc", "i"],
    label: "back to the form",
    hint: "form",
    run: (state) => step({ ...state, part: state.draft === null ? "picker" : "form" }),
  },
  {
    keys: ["r"],
    label: "call it again",
    hint: "again",
    changes: true,
    when: ({ call }) => !isRunning(call),
    run: onCall((call, state, scene) => called(state, call.target, call.params, scene)),
  },
  {
    keys: ["v"],
    label: "look at it in another way",
    hint: "view",
    when: isOn((call) => looksOf(call).length > 1),
    run: onCall((call, state) => step({ ...state, call: lookedAtOtherwise(call) })),
  },
  {
    keys: ["y"],
    label: "copy what came back as JSON",
    hint: "copy",
    when: isOn(hasComeBack),
    run: onCall((call, state) =>
      step(state, { do: "copy", text: cameBack(call) ?? "", what: "what came back" }),
    ),
  },
  {
    keys: ["Y"],
    label: "copy the command that does the same",
    hint: "copy command",
    run: onCall((call, state) => step(state, { do: "copy", text: commandOf(call), what: "the command" })),
  },
  {
    keys: ["e"],
    label: "what came back in the pager",
    hint: "pager",
    when: isOn(hasComeBack),
    run: onCall((call, state) => step(state, { do: "pager", text: `${cameBack(call) ?? ""}\n` })),
  },
  {
    keys: ["f"],
    label: "follow: stay at the end",
    hint: "follow",
    when: isOn(({ target, look }) => target.isStream && look === "items"),
    run: onCall((call, state) => step({ ...state, call: { ...call, isFollowing: !call.isFollowing } })),
  },
  toHistory,
  {
    keys: ["m"],
    label: "to the methods",
    hint: "methods",
    run: (state) => step(toMethods(state)),
  },
  ...moveKeys.map(({ keys, label, move }): CallBinding => ({
    keys,
    label,
    run: onCall((call, state, scene) => scrolledBy(call, state, move, scene)),
  })),
];
