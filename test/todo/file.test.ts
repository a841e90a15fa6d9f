import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { TodoFile } from "../../src/todo/file.ts";
import { TodoHost } from "../../src/todo/host.ts";
import { parseMarkdown } from "../../src/todo/markdown.ts";
import { FakePlugins } from "./fake-plugins.ts";
import { create, outline } from "./samples.ts";

function folder(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-todo-file-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

class Desk {
  readonly file: TodoFile;
  readonly host: TodoHost;
  readonly problems: string[] = [];

  constructor(file: TodoFile) {
    this.file = file;
    this.host = new TodoHost({
      caller: new FakePlugins({}),
      publish: () => undefined,
      list: file.list,
    });
    file.attach(this.host, ({ message }) => void this.problems.push(message));
  }

  static async open(file: string): Promise<Desk> {
    const desk = new Desk(await TodoFile.open(file, { pollMs: 20 }));
    onTestFinished(() => desk.file[Symbol.asyncDispose]());
    return desk;
  }

  get text(): string {
    return readFileSync(this.file.path, "utf8");
  }

  add(...titles: string[]): void {
    for (const title of titles) this.host.apply([create(title)], `add ${title}`);
  }

  /** Resolves when the list has this outline. */
  until(...expected: string[]): Promise<void> {
    const isThere = (): boolean => JSON.stringify(outline(this.host.list)) === JSON.stringify(expected);
    return new Promise((resolve) => {
      this.host.subscribe(() => isThere() && resolve());
      if (isThere()) resolve();
    });
  }

  /** Why the list is not on disk. */
  problem(): Promise<string> {
    return this.file.saved().then(
      () => "",
      (error: Error) => error.message,
    );
  }
}

async function listed(text?: string): Promise<Desk> {
  const file = path.join(folder(), "todo.md");
  if (text !== undefined) writeFileSync(file, text);
  const desk = await Desk.open(file);
  await desk.file.saved();
  return desk;
}

describe("a list in a file", () => {
  test("begins empty where there is none, and is there again when it is opened again", async () => {
    const desk = await listed();
    expect(outline(desk.host.list)).toEqual([]);
    desk.add("a", "b");
    desk.host.apply([{ op: "metadata", id: "1", key: "k", value: [1] }], "note");
    desk.host.apply([{ op: "delete", id: "2" }], "delete");
    await desk.file[Symbol.asyncDispose]();
    expect(desk.text).toBe(
      '- [ ] a <!-- 1 -->\n\n<!-- bulkhead: next id 3\n{"id":"1","metadata":{"k":[1]}}\n-->\n',
    );
    const again = await TodoFile.open(desk.file.path);
    expect(again.list).toEqual(desk.host.list);
  });

  test("adopts what a person has, and leaves all else where it is", async () => {
    const desk = await listed("# Boat\n\n* [ ] Hull\n  * [X] Paint\n\nSee the *harbour*.");
    expect(desk.text).toBe(
      "# Boat\n\n* [ ] Hull <!-- 1 -->\n  * [X] Paint <!-- 2 -->\n\nSee the *harbour*.\n\n<!-- bulkhead: next id 3 -->\n",
    );
    expect(desk.problems).toEqual([]);
  });

  test("an empty list makes no file", async () => {
    const desk = await listed();
    expect(() => statSync(desk.file.path)).toThrow("ENOENT");
  });

  test("keeps the file's mode, and writes to where a link leads", async () => {
    const directory = folder();
    const [target, link, loose] = ["target.md", "link.md", "loose.md"].map((name) =>
      path.join(directory, name),
    ) as [string, string, string];
    writeFileSync(target, "", { mode: 0o640 });
    symlinkSync("target.md", link);
    const desk = await Desk.open(link);
    desk.add("a");
    await desk.file.saved();
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(statSync(target).mode & 0o777).toBe(0o640);
    expect(outline(parseMarkdown(readFileSync(target, "utf8")).list)).toEqual(["a"]);
    symlinkSync("later.md", loose);
    const other = await Desk.open(loose);
    other.add("b");
    await other.file.saved();
    expect(readFileSync(path.join(directory, "later.md"), "utf8")).toContain("b");
    expect(lstatSync(loose).isSymbolicLink()).toBe(true);
  });
});

describe("what others change in the file", () => {
  test("becomes one change of the list, which can be undone, and is written back with its ids", async () => {
    const desk = await listed("- [ ] a\n- [ ] b\n");
    writeFileSync(desk.file.path, `${desk.text.replace("[ ] a", "[x] A !high")}- [ ] c\n  - [ ] d\n`);
    await desk.until("A", "b", "c", "  d");
    expect(desk.host.list.todos.get("1")).toMatchObject({ state: "done", priority: "high" });
    expect(desk.host.history).toEqual({ undo: "edited in todo.md", redo: null });
    await desk.file.saved();
    expect(desk.text).toContain("- [ ] c <!-- 3 -->\n  - [ ] d <!-- 4 -->\n");
    desk.host.undo();
    await desk.file.saved();
    expect(outline(parseMarkdown(desk.text).list)).toEqual(["a", "b"]);
  });

  test("is seen as well when the file was replaced by another one", async () => {
    const desk = await listed("- [ ] a\n");
    const beside = `${desk.file.path}.swp`;
    writeFileSync(beside, desk.text.replace("a", "b"));
    renameSync(beside, desk.file.path);
    await desk.until("b");
    expect(desk.host.list.todos.get("1")?.title).toBe("b");
  });

  test("comes together with what the list changes at the same time", async () => {
    const desk = await listed("- [ ] a\n- [ ] b\n- [ ] c\n");
    desk.host.apply(
      [
        { op: "update", id: "1", title: "ours" },
        { op: "update", id: "2", state: "done" },
        { op: "delete", id: "3" },
        create("new here"),
      ],
      "ours",
    );
    // Before it can be written.
    const text = "- [ ] theirs <!-- 1 -->\n- [ ] b !low <!-- 2 -->\n- [ ] c <!-- 3 -->\n- [ ] new there\n";
    writeFileSync(desk.file.path, text);
    await desk.file.saved();
    expect(outline(desk.host.list).toSorted()).toEqual(["b", "new here", "new there", "theirs"]);
    expect(desk.host.list.todos.get("2")).toMatchObject({ state: "done", priority: "low" });
    expect(parseMarkdown(desk.text).list.todos).toEqual(desk.host.list.todos);
    desk.host.undo();
    expect(desk.host.list.todos.get("1")?.title).toBe("ours");
  });

  test("is a list as well: two programs with one file come to the same", async () => {
    const one = await listed("- [ ] a\n");
    const other = await Desk.open(one.file.path);
    one.add("one");
    other.add("other");
    for (let round = 0; round < 3; round += 1) await Promise.all([one.file.saved(), other.file.saved()]);
    expect(outline(one.host.list).toSorted()).toEqual(["a", "one", "other"]);
    expect([...other.host.list.todos]).toEqual([...one.host.list.todos]);
  });

  test("and what they change in prose alone is nothing to undo, and stays", async () => {
    const desk = await listed("- [ ] a\n");
    writeFileSync(desk.file.path, `# New\n${desk.text}`);
    desk.add("b");
    await desk.file.saved();
    expect(desk.host.history.undo).toBe("add b");
    expect(desk.text).toMatch(/^# New\n- \[ \] a <!-- 1 -->\n- \[ \] b <!-- 2 -->\n/);
  });

  test("a deleted file is written anew", async () => {
    const desk = await listed("# Title\n\n- [ ] a\n");
    rmSync(desk.file.path);
    await desk.file.saved();
    expect(desk.text).toContain("# Title\n\n- [ ] a <!-- 1 -->\n");
    expect(outline(desk.host.list)).toEqual(["a"]);
  });

  test("more than one batch can take is taken in several", async () => {
    const desk = await listed("- [ ] a\n");
    const many = Array.from({ length: 10_001 }, (_, n) => `${n % 2 === 0 ? "" : "  "}- [ ] t${n}\n`);
    writeFileSync(desk.file.path, desk.text + many.join(""));
    await desk.file.saved();
    expect(desk.problems).toEqual([]);
    expect(desk.host.list.todos.size).toBe(10_002);
    expect(outline(desk.host.list).slice(-2)).toEqual(["  t9999", "t10000"]);
  });
});

describe("trouble with the file", () => {
  test("what can not be read is not opened", async () => {
    const directory = folder();
    const file = path.join(directory, "todo.md");
    writeFileSync(file, Buffer.from([0x2d, 0xff]));
    await expect(TodoFile.open(file)).rejects.toMatchObject({ code: "usage", message: /not UTF-8/ });
    await expect(TodoFile.open(directory)).rejects.toMatchObject({ message: /not a file/ });
  });

  test("what is not UTF-8 any more is told once and not overwritten, until it is text again", async () => {
    const desk = await listed("- [ ] a\n");
    const bytes = Buffer.from([0x2d, 0xff]);
    writeFileSync(desk.file.path, bytes);
    desk.add("b");
    expect(await desk.problem()).toMatch(/todo\.md can not be read: it is not UTF-8$/);
    desk.add("c");
    await desk.problem();
    expect(desk.problems).toHaveLength(1);
    expect(readFileSync(desk.file.path)).toEqual(bytes);
    expect(outline(desk.host.list)).toEqual(["a", "b", "c"]);
    writeFileSync(desk.file.path, "- [ ] A <!-- 1 -->\n");
    await desk.file.saved();
    expect(outline(parseMarkdown(desk.text).list).toSorted()).toEqual(["A", "b", "c"]);
  });

  test("what can not be written is told once, and written with the next change for which it can be", async () => {
    const directory = path.join(folder(), "gone");
    mkdirSync(directory);
    const desk = await Desk.open(path.join(directory, "todo.md"));
    rmSync(directory, { recursive: true });
    desk.add("a");
    expect(await desk.problem()).toMatch(/todo\.md can not be written: ENOENT$/);
    desk.add("b");
    await desk.problem();
    expect(desk.problems).toHaveLength(1);
    mkdirSync(directory);
    desk.add("c");
    await desk.file.saved();
    expect(outline(parseMarkdown(desk.text).list)).toEqual(["a", "b", "c"]);
  });

  test.skipIf(process.getuid?.() === 0)("a file that is read-only is left alone", async () => {
    const desk = await listed("- [ ] a\n");
    chmodSync(desk.file.path, 0o444);
    desk.add("b");
    expect(await desk.problem()).toMatch(/EACCES$/);
    expect(desk.text).not.toContain("b");
  });

  test(
    "whenever the program is killed, the file is whole and has all that was saved",
    { timeout: 180_000 },
    async () => {
      const file = path.join(folder(), "todo.md");
      let saved = 0;
      for (let round = 0; round < 30; round += 1) {
        const child = spawn(process.execPath, [
          path.join(import.meta.dirname, "fixtures/file-writer.ts"),
          file,
        ]);
        const exited = once(child, "exit");
        const enough = saved + 1 + (round % 4);
        for await (const line of createInterface(child.stdout)) {
          saved = Number(line) + 1;
          // While it writes the next one.
          if (saved >= enough) child.kill("SIGKILL");
        }
        expect((await exited)[1]).toBe("SIGKILL");
        const { list } = parseMarkdown(readFileSync(file, "utf8"));
        const titles = [...list.todos.values()].map(({ title, metadata }) => [title, metadata["title"]]);
        expect(titles).toEqual(Array.from(titles, (_, n) => [String(n), String(n)]));
        expect(titles.length).toBeGreaterThanOrEqual(saved);
        expect(titles.length).toBeLessThanOrEqual(saved + 1);
        saved = titles.length;
      }
    },
  );
});
