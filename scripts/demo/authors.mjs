// Stop: what an author of plugins gets.
import path from "node:path";
import { root } from "../setup.mjs";
import { chapter } from "./tour.mjs";

const executable = path.join(root, "sample-plugins", "wordcount", "build", "wordcount");

export const check = {
  title: "Check a plugin",
  needs: ["wordcount"],
  run(tour) {
    chapter(
      this.title,
      `Whoever writes a plugin, in whatever language, can have it tried against every rule of the protocol: some sixty
checks with fresh processes, each with what to do about it when it fails.`,
    );
    tour.bulkhead(["check", executable], { first: 12, last: 1 });
  },
};
