#!/usr/bin/env node
/** A View plugin: statistics of a directory, as data that a terminal can draw. */
import { statSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { plugin, PluginError, type Call } from "../../protocol/sdk/typescript/index.ts";
import { renderParams, view, type RenderParams, type View } from "../../protocol/view.ts";
import { draw, type Measure } from "./draw.ts";
import { count, type Statistics } from "./statistics.ts";

const config = z.object({
  root: z.string().describe("The directory, relative to the plugin's working directory."),
  extensions: z.array(z.string()).optional().describe("Only these, without the dot."),
  by: z.enum(["lines", "bytes"]).default("lines").describe("What makes one extension larger than another."),
});

interface Settings {
  readonly root: string;
  readonly extensions: readonly string[];
  readonly by: Measure;
}

let settings: Settings = { root: ".", extensions: [], by: "lines" };
/** By directory. `render` draws what was counted last; `refresh` counts again. */
const counted = new Map<string, Statistics>();

function configure({ root, extensions = [], by }: z.output<typeof config>): void {
  const directory = path.resolve(root);
  if (!isDirectory(directory)) throw PluginError.configInvalid("/root", `${directory} is no directory`);
  settings = { root: directory, extensions: extensions.map((each) => each.toLowerCase()), by };
  counted.clear();
}

function isDirectory(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The subject is a directory below the root. */
function directoryOf({ subject = "." }: RenderParams): string {
  const directory = path.resolve(settings.root, subject);
  const way = path.relative(settings.root, directory);
  if (way === ".." || way.startsWith(`..${path.sep}`) || path.isAbsolute(way))
    throw PluginError.invalidParams("/subject", `${subject} is outside the root`);
  if (!isDirectory(directory)) throw new PluginError("no_such_directory", `${directory} is no directory`);
  return directory;
}

async function render(params: RenderParams, call: Call, again: boolean): Promise<View> {
  const { extensions, by } = settings;
  const directory = directoryOf(params);
  const known = again ? undefined : counted.get(directory);
  const statistics = known ?? (await count(directory, extensions, call.signal));
  counted.set(directory, statistics);
  return draw(path.basename(directory), statistics, by, params);
}

const errors = [{ code: "no_such_directory", description: "The subject is no directory." }];

await plugin({ name: "view-stats", version: "1.0.0" })
  .config(config, { activate: configure, configure })
  .api("view", "1.1.0", (api) =>
    api
      .method(
        "render",
        {
          description: "Draws the statistics.",
          params: renderParams,
          result: view,
          errors,
          idempotent: true,
        },
        (params, call) => render(params, call, false),
      )
      .method(
        "refresh",
        {
          description: "Counts again, and draws.",
          params: renderParams,
          result: view,
          errors,
          idempotent: true,
        },
        (params, call) => render(params, call, true),
      )
      .stream(
        "watch",
        {
          description: "Counts and draws again and again, until it is cancelled.",
          params: renderParams.extend({ everyMs: z.int().min(20).default(1000) }),
          item: view,
          result: z.null(),
          errors,
        },
        async function* ({ everyMs, ...params }, call) {
          for (;;) {
            yield await render(params, call, true);
            await call.sleep(everyMs);
          }
        },
      )
      .action("refresh", { method: "refresh", description: "Count again", key: "r" }),
  )
  .run();
