// Stops: what calling a plugin is like.
import path from "node:path";
import { root } from "../setup.mjs";
import { chapter, fail, print } from "./tour.mjs";

const example = path.join(root, "sample-plugins", "todo-scan", "example");

export const calls = {
  title: "Call plugins",
  needs: ["wordcount"],
  run(tour, built) {
    chapter(
      this.title,
      `${built("min") ? "min is Rust, wordcount" : "wordcount"} is plain C without any SDK. Values are typed by each method's schema.`,
    );
    if (built("min")) tour.bulkhead(["call", "min.min", "a=-10", "b=10"]);
    tour.bulkhead(["call", "wordcount.count", "text=Plugins crash. Your program doesn't."]);
  },
};

export const realWork = {
  title: "Real work",
  needs: ["todo-scan"],
  run(tour) {
    chapter(
      this.title,
      "todo-scan walks a source tree for TODO comments and Markdown checkboxes. It is started by its first call.",
    );
    const { items, files } = tour.askShown("call", "todo-scan.scan", `root=${example}`);
    for (const { file, line, kind, title } of items.slice(0, 8))
      print(`  ${kind.padEnd(8)} ${file}:${line}  ${title}`);
    print(`  ${items.length} items in ${files} files`);
    if (items.length === 0) fail("todo-scan found nothing");
  },
};

export const typedCalls = {
  title: "Typed calls",
  needs: ["wordcount"],
  run(tour) {
    chapter(
      this.title,
      `A host program says in a contract what it wants of a plugin, and gets a typed client for it. Wrong params never leave
the program: the error has their JSON path. A contract can be written from what a plugin says of itself:`,
    );
    tour.bulkhead(["types", "wordcount"], { first: 12 });
    tour.program("typed-calls.ts", ["5 words", "invalid_params, not_sent", "/text"]);
  },
};

export const mismatch = {
  title: "A contract that does not fit",
  needs: ["wordcount"],
  run(tour) {
    chapter(
      this.title,
      "Contract and plugin are compared before the first call: you hear now what would have gone wrong in production.",
    );
    tour.program("contract-mismatch.ts", ["contract_mismatch, not_sent", "/characters", "but sleep"]);
  },
};
