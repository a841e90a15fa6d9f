/** Stands in for the copy of the SDK that `bulkhead new` puts here. */
export * from "../../index.ts";
