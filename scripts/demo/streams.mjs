// Stops: streams, and a pipe from one plugin to another.
import { chapter, dim, fail, print } from "./tour.mjs";

const credit = `The reader says how many items it can take (its
credit), and the plugin sends no more than that: a slow reader slows the plugin down, and nothing piles up in between.`;

export const stream = {
  title: "A stream",
  needs: ["view-stats"],
  async run(tour, built) {
    if (built("metronome")) {
      chapter(this.title, `metronome, in C, sends an item at each beat. ${credit}`);
      tour.bulkhead(["call", "metronome.ticks", "bpm=1200", "count=5"]);
      return;
    }
    chapter(this.title, `view-stats, in TypeScript, sends a drawing as data again and again. ${credit}`);
    const watching = tour.begin("bulkhead", ["call", "view-stats.watch", "everyMs=100", "rows=3"]);
    const items = () => watching.output.split("\n").slice(0, -1);
    while (items().length < 3) {
      if (await ended(watching)) fail(`the stream ended too early:\n${watching.output}`);
    }
    // Leaving is how a stream without an end is ended; the plugin is told to stop.
    watching.child.kill("SIGINT");
    const { status } = await watching.ended;
    for (const line of items().slice(0, 3)) print(`${line.slice(0, 100)}…`);
    print(dim(`^C (exit status ${status})`));
    if (status !== 130) fail(`the stream ended with ${status}`);
  },
};

/** Whether it has ended before its next word. */
function ended({ child, ended }) {
  return Promise.race([
    ended.then(() => true),
    new Promise((resolve) => child.stdout.once("data", () => resolve(false))),
  ]);
}

const count = 100;

export const pipe = {
  title: "A pipe that loses nothing",
  needs: ["metronome", "reverse"],
  run(tour) {
    chapter(
      this.title,
      `Each item of metronome's stream becomes a call of reverse, a sink in Python that writes it to a file. In the middle the
sink is killed. The pipe knows by its cursor where it was: nothing is lost, and what came twice is marked.`,
    );
    tour.bulkhead(["pipe", "metronome.ticks", "reverse.write", "bpm=3000", `count=${count}`]);
    const status = () => tour.ask("pipe", "status", "metronome-reverse");
    while (status().delivered === 0);
    tour.kill("reverse", "SIGKILL");
    tour.bulkhead(["pipe", "status", "metronome-reverse"]);
    let { state } = status();
    while (state === "running" || state === "waiting") ({ state } = status());
    tour.bulkhead(["pipe", "list"]);
    const { lines } = tour.ask("call", "reverse.read");
    const beats = new Set(lines.map(({ value }) => value.beat));
    const marked = lines.filter(({ redelivered }) => redelivered).length;
    print(`\nThe sink has ${beats.size} of ${count} beats; ${marked} marked as delivered again.`);
    if (lines.length - beats.size > marked) fail("a beat came twice, and nobody said so");
    if (state !== "done" || beats.size !== count) fail(`the pipe is ${state}, with ${beats.size} beats`);
  },
};
