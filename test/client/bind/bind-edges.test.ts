import { expect, test } from "vitest";
import { contract, method } from "../../../protocol/contract.ts";
import { bind } from "../../../src/client/bind/bind.ts";
import { failure } from "../../helpers/supervisor.ts";
import { described, FakeCaller } from "../fake-caller.ts";

const text = contract({ name: "text", version: "1.0.0", methods: { count: method({}) } });
const offers = { name: "text", version: "1.0.0", methods: [{ name: "count", result: {} }] };

test.each([0, -1, NaN])("a call is refused that may take %d ms", async (timeout) => {
  const caller = new FakeCaller({
    one: { described: described("a", offers), calls: { "text.count": () => 1 } },
  });
  const client = await bind(caller, "one", text);
  expect(await failure(client.count({}, { timeout }))).toMatchObject({ code: "invalid_params" });
  expect(await client.count({}, { timeout: Infinity })).toBe(1);
});
