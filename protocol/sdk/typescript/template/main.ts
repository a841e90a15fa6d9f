#!/usr/bin/env node
import { greet, greetMethod } from "./greet.ts";
import { plugin } from "./sdk/index.ts";

await plugin({ name: "{{name}}", version: "0.1.0" })
  .api("{{name}}", "0.1.0", (api) => api.method("greet", greetMethod, greet))
  .run();
