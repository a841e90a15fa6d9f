/** The journal's thread: one request after another, so that no reader ever sees half a transaction. */
import { setImmediate as turn } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { Message, Operation, Operations, Request, WorkerData } from "./messages.ts";
import { TakenError } from "./owner.ts";
import { openStore, peek, replaceStore } from "./recovery.ts";
import { isCorrupt, needsReopen, wasReplaced } from "./store.ts";
import type { PluginRow } from "./rows.ts";
import type { JournalStore } from "./store.ts";

const { options, now: startedAt }: WorkerData = workerData;
const foundCrashes = 100;

let store: JournalStore | undefined;
let now = startedAt;
let pruning: Promise<void> | undefined;
/** As `Opened.forgot`. */
let forgot = false;

function send(message: Message<unknown>): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a browser window's
  parentPort?.postMessage(message);
}

function opened(): JournalStore {
  if (store !== undefined) return store;
  const opening = openStore(options, now);
  const { store: fresh, notice } = opening;
  forgot = opening.forgot;
  if (notice !== undefined) send({ kind: "notice", message: notice });
  if (notice !== undefined) send({ kind: "afresh" });
  store = fresh;
  return fresh;
}

function closeStore(): void {
  const closing = store;
  store = undefined;
  try {
    closing?.close();
  } catch {
    // The file is damaged or gone; there is nothing left to save in it.
  }
}

/** Runs it on the open store; once more on a new one where the old turns out to be damaged or gone. */
function onStore<T>(act: (open: JournalStore) => T): T {
  try {
    return act(opened());
  } catch (error) {
    if (isCorrupt(error)) {
      closeStore();
      const { store: fresh, notice } = replaceStore(options, now, error);
      send({ kind: "notice", message: notice });
      send({ kind: "afresh" });
      store = fresh;
      return act(fresh);
    }
    if (!needsReopen(error)) throw error;
    closeStore();
    const reopened = opened();
    if (wasReplaced(error)) send({ kind: "afresh" });
    return act(reopened);
  }
}

function perform(request: Request): Operations[Operation]["result"] | Promise<null> {
  const { op, args } = request;
  switch (op) {
    case "write":
      now = args.now;
      onStore((open) => {
        open.write(args.batch, args.synced);
      });
      if (store?.full === true) void prune();
      return null;
    case "events":
      return onStore((open) => open.events(args.plugin, args.since, args.limit));
    case "crashes":
      return onStore((open) => open.crashes(args.plugin, args.limit));
    case "findCrash":
      return onStore((open) => open.findCrash(args.prefix, foundCrashes));
    case "description":
      return onStore((open) => open.description(args.sha256));
    case "storageGet":
      return onStore(({ values }) => values.get(args.plugin, args.key));
    case "storageSet":
      return onStore((open) => {
        open.checkFile();
        return open.values.set(args.plugin, args.key, args.value);
      });
    case "storageDelete":
      return onStore(({ values }) => values.delete(args.plugin, args.key));
    case "storageList":
      return onStore(({ values }) => values.list(args.plugin, args.prefix, args.after, args.limit));
    case "pipeList":
      return onStore(({ pipes }) => pipes.list());
    case "pipeAdd":
      return onStore((open) => {
        open.checkFile();
        open.pipes.add(args.row);
        return null;
      });
    case "pipeSave":
      return onStore((open) => {
        open.checkFile();
        return open.pipes.save(args.id, args.progress);
      });
    case "pipeDelete":
      return onStore(({ pipes }) => {
        pipes.delete(args.id);
        return null;
      });
    case "prune":
      now = args.now;
      return pruneAgain();
    case "close":
      break;
  }
  closeStore();
  return null;
}

/** From the beginning: a run underway began with an earlier time. */
async function pruneAgain(): Promise<null> {
  await pruning;
  await prune();
  return null;
}

/** Batch by batch: what is requested meanwhile comes between two of them. */
function prune(): Promise<void> {
  pruning ??= pruneSteps().finally(() => {
    pruning = undefined;
  });
  return pruning;
}

async function pruneSteps(): Promise<void> {
  const pruned = store;
  if (pruned === undefined) return;
  try {
    for (const steps = pruned.prune(now); steps.next().done !== true;) {
      await turn();
      if (store !== pruned) return;
    }
  } catch (error) {
    // A write will meet the same error, and is the one to tell of it.
    if (isCorrupt(error) || needsReopen(error)) closeStore();
  }
}

async function answer(request: Request): Promise<void> {
  try {
    const value = perform(request);
    // Only what has to wait may wait: an `await` for everything would let answers overtake each other.
    send({ kind: "answer", id: request.id, value: value instanceof Promise ? await value : value });
  } catch (error) {
    send({
      kind: "failure",
      id: request.id,
      message: error instanceof Error ? error.message : String(error),
    });
  }
  if (request.op === "close") parentPort?.close();
}

let problem: string | null = null;
let owner: number | null = null;
let lastSeq = 0;
let plugins: PluginRow[] = [];
try {
  const open = opened();
  lastSeq = open.lastSeq();
  plugins = open.plugins();
} catch (error) {
  problem = error instanceof Error ? error.message : String(error);
  owner = error instanceof TakenError ? error.pid : null;
  ({ lastSeq, plugins, forgot } = peek(options.file));
}
send({ kind: "opened", lastSeq, plugins, forgot, problem, owner });
void prune();
parentPort?.on("message", (request: Request) => void answer(request));
