import { expect, test } from "vitest";
import { failure, fixture, supervise } from "../helpers/supervisor.ts";

const secret = { type: "object", properties: { key: { type: "string", format: "password" } } };
const any = { type: "object" };

/** The fixture with a description of its own: what of its answers is secret. */
const described = JSON.stringify({
  protocol: 1,
  plugin: { name: "fixture", version: "1.0.0" },
  apis: [
    {
      name: "fixture",
      version: "1.0.0",
      methods: [
        { name: "echo", params: any, result: secret },
        { name: "tag", params: any, result: { type: "string" } },
        { name: "count", params: any, result: {}, item: { properties: { text: { writeOnly: true } } } },
        { name: "die", params: any, result: {} },
      ],
    },
  ],
});

async function headsOfCrash(modes: Record<string, string>): Promise<string> {
  const supervisor = await supervise({
    one: fixture({ tag: "in plain words", ...modes }, { restart: { when: "never" } }),
  });
  await supervisor.call("one/fixture.tag", {});
  // Params and result have the same text here, and only the schema of the result calls it a secret.
  await supervisor.call("one/fixture.echo", { key: "s3cret" });
  const items = supervisor.stream("one/fixture.count", { to: 1, bytes: 10 });
  for await (const item of items) expect(item.value).toMatchObject({ n: 0 });
  const error = await failure(supervisor.call("one/fixture.die", { signal: "SIGKILL" }));
  const [report] = await supervisor.journal.findCrash(error.report ?? "");
  const answers = report?.messages.filter(({ direction }) => direction === "from_plugin") ?? [];
  return answers.map(({ head }) => head).join("\n");
}

test("what a schema of a result or an item calls secret is in no report, and other answers are", async () => {
  const heads = await headsOfCrash({ describe: described });
  expect(heads).toContain("in plain words");
  expect(heads).not.toContain("s3cret");
  expect(heads).not.toContain("xxxxxxxxxx");
});

test("without such a schema all of them are", async () => {
  const heads = await headsOfCrash({});
  expect(heads).toContain("in plain words");
  expect(heads).toContain("s3cret");
  expect(heads).toContain("xxxxxxxxxx");
});
