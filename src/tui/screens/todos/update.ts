/** What the todo screen makes of what comes back to it. Pure. */
import { ancestors } from "../../../todo/list.ts";
import type { Outcome, Proposal } from "../../../todo/host.ts";
import { notice } from "../../effect.ts";
import type { Answer } from "../../effect.ts";
import { listTop } from "../../parts/list.ts";
import { inputOf } from "../../parts/text-input.ts";
import { step } from "../../screen.ts";
import type { Scene } from "../../screen.ts";
import { newTodo } from "./edits.ts";
import { going } from "./here.ts";
import { looking } from "./look-keys.ts";
import { backToList } from "./state.ts";
import type { TodosMessage, TodosState, TodosStep } from "./state.ts";
import { batchErrorWords } from "../../../todo/batch.ts";

export function updateTodos(state: TodosState, message: TodosMessage, scene: Scene): TodosStep {
  switch (message.type) {
    case "opened":
      return step({ ...state, failure: message.answer.ok ? null : message.answer.error });
    case "applied": {
      const { answer } = message;
      if (!answer.ok) return failed(state, answer.error);
      if (answer.value === null) return step(state);
      if (!answer.value.ok) return step(state, notice("bad", batchErrorWords(answer.value.error)));
      // A new one, or one that may have gone to where it can not be seen.
      return step(inSight(state, scene, answer.value.created.get(newTodo) ?? state.cursor));
    }
    case "turned": {
      const { answer, done } = message;
      if (!answer.ok) return failed(state, answer.error);
      const label = answer.value;
      if (label === null) {
        return step(state, notice("plain", `nothing to ${done === "undone" ? "undo" : "redo"}`));
      }
      return step(state, notice("good", `${done}: ${label}`));
    }
    case "proposed":
      return proposed(state, message.ask, message.answer);
    case "accepted": {
      const { answer, preview } = message;
      const outcome = outcomeOf(answer);
      if (!outcome.ok) {
        // The list has become another one meanwhile: what is left to be done is to look again.
        const back = state.mode.kind === "list" ? { ...state, mode: preview } : state;
        return step(back, notice("bad", outcome.why));
      }
      const { created, summary } = outcome;
      const [first = null] = created.values();
      const text = `accepted: ${preview.proposal.plugin}, ${summary || "a batch"} · u takes it back`;
      return step(inSight(state, scene, first), notice("good", text));
    }
    case "ran": {
      const { answer, what } = message;
      const outcome = outcomeOf(answer);
      if (outcome.ok) return step(state, notice("good", `${what}: ${outcome.summary || "done"}`));
      return step(state, notice("bad", `${what}: ${outcome.why}`));
    }
    case "settings": {
      const { mode } = state;
      if (mode.kind !== "settings" || mode.plugin !== message.plugin) return step(state);
      const { answer } = message;
      return step({
        ...state,
        mode: answer.ok
          ? { ...mode, settings: answer.value }
          : { ...mode, problem: `${answer.error.message} [${answer.error.code}]` },
      });
    }
    case "configured": {
      const { mode } = state;
      if (mode.kind !== "settings" || mode.plugin !== message.plugin) return step(state);
      const { answer } = message;
      if (!answer.ok) {
        return step({ ...state, mode: { ...mode, isSaving: false, problem: answer.error.message } });
      }
      const next = { ...mode, settings: answer.value, edits: new Map(), isSaving: false, problem: null };
      const where = answer.value.file === null ? "" : `, kept in ${answer.value.file}`;
      return step({ ...state, mode: next }, notice("good", `in force${where}`));
    }
    default:
      return message satisfies never;
  }
}

type Done = Extract<Outcome, { ok: true }>;

/** As it was done, or why it was not. */
function outcomeOf(answer: Answer<Outcome>): Done | { readonly ok: false; readonly why: string } {
  if (!answer.ok) return { ok: false, why: `${answer.error.message} [${answer.error.code}]` };
  const outcome = answer.value;
  return outcome.ok ? outcome : { ok: false, why: batchErrorWords(outcome.error) };
}

function proposed(state: TodosState, ask: string, answer: Answer<Proposal>): TodosStep {
  const { mode } = state;
  // Of one that was cancelled nobody waits for an answer.
  if (mode.kind !== "waiting" || mode.ask !== ask) return step(state);
  if (!answer.ok) {
    const { plugin, action, input } = mode;
    const isTypedAgain = answer.error.code === "invalid_input";
    const back: TodosState = isTypedAgain
      ? { ...state, mode: { kind: "input", plugin, action, input: inputOf(input) } }
      : backToList(state);
    return failed(back, answer.error);
  }
  const proposal = answer.value;
  if (proposal.change.commands.length === 0) {
    const text = `${proposal.plugin}: ${proposal.change.summary || "nothing new"}`;
    return step(backToList(state), notice("plain", text));
  }
  const dropped = new Set<string>();
  return step({
    ...state,
    mode: { kind: "preview", proposal, dropped, position: listTop },
  });
}

function failed(
  state: TodosState,
  { message, code }: { readonly message: string; readonly code: string },
): TodosStep {
  return step(state, notice("bad", `${message} [${code}]`));
}

/** The cursor to a todo, with all unfolded that it is a part of. */
function inSight(state: TodosState, { facts }: Scene, id: string | null): TodosState {
  const desk = facts.todos;
  const todo = id === null ? undefined : desk?.list.todos.get(id);
  if (desk === null || todo === undefined) return state;
  const folded = new Set(state.look.folded);
  let isFolded = false;
  for (const above of ancestors(desk.list, todo.parent)) isFolded = folded.delete(above.id) || isFolded;
  return going(isFolded ? looking(state, { folded }) : state, desk, todo.id);
}

/** The end of the activity stays in sight, where that is wanted. */
export function followed(state: TodosState, { facts }: Scene): TodosState {
  const { mode } = state;
  if (mode.kind !== "activity" || !mode.isFollowing) return state;
  const cursor = Math.max(0, (facts.todos?.activity.length ?? 0) - 1);
  return cursor === mode.position.cursor
    ? state
    : { ...state, mode: { ...mode, position: { ...mode.position, cursor } } };
}
