export * from "./config.ts";
export * from "./control.ts";
export * from "./control-results.ts";
export * from "./description.ts";
export * from "./error.ts";
export * from "./plugin.ts";
export * from "./state.ts";
export * from "./version.ts";
