#!/usr/bin/env node
import { z } from "zod";
import { plugin } from "../index.ts";

const params = z.object({ a: z.int(), b: z.int() });

await plugin({ name: "min", version: "1.0.0" })
  .api("min", "1.0.0", (api) => api.method("min", { params, result: z.int() }, ({ a, b }) => Math.min(a, b)))
  .run();
