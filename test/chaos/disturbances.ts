/** What is done to a run, and how often each of it. */
import type { Weighed } from "./chance.ts";
import type { Run } from "./run.ts";
import { markedProcesses, signal } from "./processes.ts";

export interface Disturbance {
  readonly name: string;
  /** Resolves when it is over and everything is as it was before, but for what the daemon has to mend. */
  readonly act: (run: Run) => Promise<void> | void;
}

/** A signal to a plugin's own process, as an operator or the kernel would send it. */
function killPlugin(name: string, by: NodeJS.Signals): Disturbance {
  return {
    name,
    act: (run) => {
      const workers = markedProcesses(run.place.run).filter(({ program }) => program === "worker");
      if (workers.length === 0) return;
      const { pid, plugin } = run.chance.pick(workers);
      if (signal(pid, by)) run.did({ deed: name, target: plugin ?? "", detail: pid });
    },
  };
}

/** What escaped of a plugin would outlive its guard: only of those of which nothing escapes, nor is stopped. */
const killGuard: Disturbance = {
  name: "guard killed",
  act: (run) => {
    const fragile = run.plugins[0];
    const guard = markedProcesses(run.place.run).find(
      ({ program, plugin }) => program === "guard" && plugin === fragile,
    );
    if (guard !== undefined && signal(guard.pid, "SIGKILL"))
      run.did({ deed: "guard killed", target: guard.plugin ?? "", detail: guard.pid });
  },
};

/** Long enough for a call or two to time out, too short for a hang. */
const pausePlugin: Disturbance = {
  name: "plugin paused",
  act: async (run) => {
    const workers = markedProcesses(run.place.run).filter(({ program }) => program === "worker");
    if (workers.length === 0) return;
    const { pid, plugin } = run.chance.pick(workers);
    if (!signal(pid, "SIGSTOP")) return;
    run.did({ deed: "plugin paused", target: plugin ?? "", detail: pid });
    await run.pause(run.chance.between(200, 1500));
    signal(pid, "SIGCONT");
  },
};

const killDaemon: Disturbance = {
  name: "daemon killed",
  act: async (run) => {
    if (run.daemonIsLeftAlone || !run.daemon.isUp) return;
    const pid = run.daemon.pid ?? 0;
    // First written down: whoever is called from here on may find it dead.
    run.did({ deed: "daemon killed", detail: pid });
    await run.daemon.end("SIGKILL");
    await run.pause(run.chance.happens(0.5) ? 0 : run.chance.between(1, 500));
    await run.startDaemon();
  },
};

const stopDaemon: Disturbance = {
  name: "daemon stopped",
  act: async (run) => {
    if (run.daemonIsLeftAlone || !run.daemon.listens) return;
    run.did({ deed: "daemon stopped", detail: run.daemon.pid ?? 0 });
    run.did({ deed: "daemon left", detail: String(await run.daemon.end("SIGTERM")) });
    await run.startDaemon();
  },
};

const killClient: Disturbance = {
  name: "client killed",
  act: (run) => run.replaceClient(run.chance.pick([...run.clients.keys()])),
};

/** Reads nothing for a while; what is sent to it has to wait somewhere. */
const pauseClient: Disturbance = {
  name: "client paused",
  act: async (run) => {
    const [id, child] = run.chance.pick([...run.clients]);
    if (!child.kill("SIGSTOP")) return;
    run.did({ deed: "client paused", target: id });
    await run.pause(run.chance.between(200, 1000));
    child.kill("SIGCONT");
    run.did({ deed: "client continued", target: id });
  },
};

function disk(how: "full" | "moved", take: (run: Run) => void, giveBack: (run: Run) => void): Disturbance {
  return {
    name: `disk ${how}`,
    act: async (run) => {
      if (run.disk !== "sound" || (how === "full" && run.place.diskProblem !== null)) return;
      run.disk = how;
      run.did({ deed: "disk taken", detail: how });
      take(run);
      await run.pause(run.chance.between(300, 2500));
      giveBack(run);
      run.did({ deed: "disk given back", detail: how });
      run.disk = "sound";
    },
  };
}

/** What an operator may ask for at any time; that it can not be had just now is an answer like any other. */
function operate(name: string, ask: (run: Run, plugin: string) => Promise<void>): Disturbance {
  return {
    name,
    act: async (run) => {
      const plugin = run.chance.pick(run.plugins);
      run.did({ deed: name, target: plugin });
      await ask(run, plugin).catch(() => undefined);
    },
  };
}

const pausePipe: Disturbance = {
  name: "pipe paused",
  act: async (run) => {
    const pipe = run.chance.pick(run.pipes.ids);
    run.did({ deed: "pipe paused", target: pipe });
    // A daemon that dies meanwhile leaves it as it is: it is looked after like one that has failed.
    await run.pipes.pause(pipe).catch(() => undefined);
    await run.pause(run.chance.between(0, 800));
    await run.pipes.resume(pipe).catch(() => undefined);
  },
};

const patience = { timeout: 10_000 };

export const disturbances: Weighed<Disturbance> = [
  [12, killPlugin("plugin killed", "SIGKILL")],
  [6, killPlugin("plugin faulted", "SIGSEGV")],
  [4, killPlugin("plugin terminated", "SIGTERM")],
  [3, killPlugin("plugin frozen", "SIGSTOP")],
  [4, pausePlugin],
  [2, killGuard],
  [5, killDaemon],
  [1, stopDaemon],
  [3, killClient],
  [3, pauseClient],
  [3, pausePipe],
  [
    2,
    disk(
      "full",
      (run) => run.place.fill(),
      (run) => run.place.empty(),
    ),
  ],
  [
    1,
    disk(
      "moved",
      (run) => run.place.moveAway(),
      (run) => run.place.moveBack(),
    ),
  ],
  [
    3,
    operate("restart", async (run, plugin) => {
      const rolling = run.chance.happens(0.5);
      await (await run.daemon.operator()).control("plugin.restart", { plugin, rolling }, patience);
    }),
  ],
  [
    3,
    operate("stop, then start", async (run, plugin) => {
      await (await run.daemon.operator()).control("plugin.stop", { plugin }, patience);
      await run.pause(run.chance.between(0, 800));
      await (await run.daemon.operator()).control("plugin.start", { plugin }, patience);
    }),
  ],
  [
    1,
    operate("disable, then enable", async (run, plugin) => {
      await (await run.daemon.operator()).control("plugin.disable", { plugin }, patience);
      await run.pause(run.chance.between(0, 500));
      await (await run.daemon.operator()).control("plugin.enable", { plugin }, patience);
    }),
  ],
  [3, operate("reconfigure", (run, plugin) => run.reconfigure(plugin))],
];
