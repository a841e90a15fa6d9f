import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Change, Command } from "../../../../protocol/todo.ts";
import { droppedWith, previewOf, without } from "../../../../src/tui/screens/todos/proposal.ts";
import { after, create, outline } from "../../../todo/samples.ts";
import { changing } from "../../../todo/fake-plugins.ts";
import { listOf } from "../../todos/samples.ts";

const list = listOf("trip", "  pack", "  book", "shop");

function shown(change: Change): string[] {
  const preview = previewOf(list, change, "harbour");
  if (!preview.ok) return [`${preview.error.index} ${preview.error.message}`];
  return preview.rows.map(
    ({ effect, depth, todo, details }) =>
      `${effect} ${"  ".repeat(depth)}${todo.title}${details === "" ? "" : ` (${details})`}`,
  );
}

describe("a preview", () => {
  test("shows what is new where it would stand, and what it stands below", () => {
    expect(shown(changing("", create("a", { parent: "1" }), create("b", { parent: "a" })))).toEqual([
      "context trip",
      "new   a",
      "new     b",
    ]);
  });

  test("tells what would change of each todo, and what would go", () => {
    const change = changing(
      "",
      { op: "update", id: "2", title: "pack more", state: "done" },
      { op: "metadata", id: "2", key: "k", value: 1 },
      { op: "move", id: "3", parent: "1", after: null },
      { op: "delete", id: "4" },
    );
    expect(shown(change)).toEqual([
      "context trip",
      "moved   book",
      "changed   pack more (was “pack”, open → done, metadata)",
      "deleted shop",
    ]);
  });

  test("of a batch that does not fit is the reason, with the command", () => {
    const change = changing("", create("a"), { op: "delete", id: "9" });
    expect(previewOf(list, change, "harbour")).toMatchObject({
      ok: false,
      error: { index: 1, path: "/id" },
      command: { op: "delete", id: "9" },
    });
  });
});

describe("a batch without a part of it", () => {
  const change: Change = {
    ...changing(
      "found",
      create("a"),
      create("b", { parent: "a" }),
      create("c", { after: "a" }),
      { op: "update", id: "1", state: "done" },
      { op: "metadata", id: "b", key: "k", value: 1 },
    ),
    batch: "7",
  };

  test("is without what stands below that, and names it nowhere", () => {
    expect([...droppedWith(change, new Set(["a"]))]).toEqual(["a", "b"]);
    expect(without(change, new Set(["a"]))).toEqual({
      summary: "found, in part",
      commands: [create("c"), { op: "update", id: "1", state: "done" }],
    });
  });

  test("leaves an existing todo as it is, when that is what is dropped", () => {
    expect(without(change, new Set(["1"])).commands.map(({ op }) => op)).toEqual([
      "create",
      "create",
      "create",
      "metadata",
    ]);
  });

  test("is the whole when nothing is dropped", () => {
    expect(without(change, new Set())).toBe(change);
  });

  test("always fits when the whole did, and has exactly the rest", () => {
    const batches = fc
      .array(fc.record({ parent: fc.option(fc.nat()), after: fc.option(fc.nat()) }), {
        minLength: 1,
        maxLength: 15,
      })
      .map((all) => {
        const parents: (string | null)[] = [];
        return all.map(({ parent, after: behind }, at): Command => {
          const under = parent === null || at === 0 ? null : `t${parent % at}`;
          const siblings = parents.flatMap((each, index) => (each === under ? [`t${index}`] : []));
          parents.push(under);
          const place =
            behind === null || siblings.length === 0 ? {} : { after: siblings[behind % siblings.length] };
          return create(`t${at}`, { parent: under, ...place });
        });
      });
    fc.assert(
      fc.property(batches, fc.array(fc.nat()), (commands, chosen) => {
        const dropped = new Set(chosen.map((each) => `t${each % commands.length}`));
        const batch = changing("", ...commands);
        const rest = after(without(batch, dropped).commands);
        const gone = droppedWith(batch, dropped);
        const kept = outline(after(commands))
          .map((line) => line.trim())
          .filter((title) => !gone.has(title));
        expect(
          outline(rest)
            .map((line) => line.trim())
            .toSorted(),
        ).toEqual(kept.toSorted());
      }),
    );
  });
});
