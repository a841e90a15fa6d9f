// Stop: a plugin asks its host.
import { chapter, fail } from "./tour.mjs";

const text = "Mind the gap";

export const host = {
  title: "A plugin asks its host",
  needs: [],
  run(tour) {
    chapter(
      this.title,
      `Calls go in both directions. notes, in TypeScript, keeps a text in host.storage, which outlives the plugin's process.
What a plugin may use is what its entry grants: the same executable without the grant is refused.`,
    );
    tour.show("notes.ts");
    tour.bulkhead(["call", "notes.keep", `text=${text}`]);
    const pid = tour.kill("notes", "SIGKILL");
    while (tour.plugin("notes").pid === pid);
    tour.ready("notes");
    const kept = tour.bulkhead(["call", "notes.read"]);
    if (!kept.includes(text)) fail(`the note is ${kept}`);
    const refused = tour.bulkhead(["start", "ungranted"], { expect: 6 });
    if (!refused.includes("service_not_granted")) fail("it was not refused for want of the grant");
  },
};
