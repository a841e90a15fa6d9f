import { render } from "ink-testing-library";
import { expect, test } from "vitest";
import { todosScreen } from "../../../src/tui/screens/todos.tsx";
import { plain } from "../hostile.ts";
import { deskView, listOf, sceneOf } from "../todos/samples.ts";

test("is drawn as its lines say", () => {
  const { View, initial } = todosScreen;
  const scene = sceneOf(deskView({ list: listOf("trip", "  pack", "shop") }), 60, 8);
  const { lastFrame } = render(<View state={initial} scene={scene} />);
  const lines = plain(lastFrame() ?? "").split("\n");
  expect(lines).toHaveLength(8);
  expect(lines[0]).toContain("3 open, 0 done");
  expect(lines.slice(1, 4).map((line) => line.trim())).toEqual(["▾ [ ] trip", "[ ] pack", "[ ] shop"]);
});
