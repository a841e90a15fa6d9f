#!/usr/bin/env node
/** A plugin that keeps a note with its host, where it outlives the plugin's process. */
import { z } from "zod";
import { plugin } from "../../protocol/sdk/typescript/index.ts";

await plugin({ name: "notes", version: "1.0.0" })
  .needs("host.storage", "^1.0.0")
  .api("notes", "1.0.0", (api) =>
    api
      .method("keep", { params: z.object({ text: z.string() }) }, async ({ text }, { host }) => {
        await host.storage.set("note", text);
        return "kept";
      })
      .method("read", {}, async (_, { host }) => await host.storage.get("note")),
  )
  .run();
