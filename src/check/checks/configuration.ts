/** The configuration that a plugin gets, when it starts and while it runs. */
import type { JsonSchema } from "../../../protocol/description.ts";
import { handshakeCodes } from "../../../protocol/error.ts";
import { isObject } from "../../core/json-value.ts";
import { settingsOf } from "../../core/settings/settings.ts";
import type { Bench } from "../bench.ts";
import { emptyResult } from "../bench.ts";
import type { Answer } from "../call.ts";
import { fail, skip } from "../check.ts";
import type { Check } from "../check.ts";
import { misfitOf } from "../misfit.ts";
import { show, showError } from "../show.ts";

const group = "Configuration";
const severity = "error";

export const configuration: readonly Check[] = [
  {
    id: "config-schema",
    title: "the schema of its configuration is of the supported kinds",
    group,
    severity,
    needs: "description",
    fix: "Describe the configuration as an object whose properties are strings, integers, booleans, arrays of strings, or strings with an enum.",
    run: async ({ subject }) => {
      const { config } = subject.description;
      if (config === undefined) skip("it has no configuration");
      const wrong = unsupported(config);
      if (wrong !== undefined) fail(wrong);
    },
  },
  {
    id: "config-invalid",
    title: "refuses a configuration that does not fit its schema",
    group,
    severity,
    needs: "activate",
    fix: 'Answer activate with the error -32002 and data {"code": "config_invalid", "path": JSON pointer} when the configuration is wrong.',
    async run(bench) {
      const conversation = await bench.described();
      const activation = bench.activation(conversation, wrongConfig(bench));
      refusedConfig(bench, await conversation.request("activate", activation));
    },
  },
  {
    id: "configure",
    title: "takes a configuration while it runs",
    group,
    severity,
    needs: "activate",
    fix: "Answer configure as activate is answered, or do not offer the capability configure.",
    async run(bench) {
      if (!bench.subject.canConfigure) skip("it does not have the capability configure");
      const conversation = await bench.ready();
      const config = bench.subject.config;
      emptyResult("configure", await conversation.request("configure", { config }));
    },
  },
  {
    id: "configure-invalid",
    title: "keeps its configuration when it refuses another",
    group,
    severity,
    needs: "activate",
    fix: "Check a new configuration before using any of it, and answer with the error -32002 when it is wrong.",
    async run(bench) {
      if (!bench.subject.canConfigure) skip("it does not have the capability configure");
      const conversation = await bench.ready();
      refusedConfig(bench, await conversation.request("configure", { config: wrongConfig(bench) }));
      const config = bench.subject.config;
      emptyResult("configure", await conversation.request("configure", { config }));
    },
  },
];

function wrongConfig({ subject }: Bench): Readonly<Record<string, unknown>> {
  const misfit = misfitOf(subject.description.config);
  if (misfit === undefined) skip("it has no configuration that could be wrong");
  return { ...subject.config, [misfit.path.slice(1)]: misfit.value[misfit.path.slice(1)] };
}

function refusedConfig({ subject }: Bench, answer: Answer): void {
  const path = misfitOf(subject.description.config)?.path ?? "";
  if (answer.kind === "result") return fail(`it accepted a configuration whose ${path} is of a wrong type`);
  const { code, data } = answer.error;
  if (code !== handshakeCodes.configInvalid)
    fail(`expected the error -32002, found ${showError(answer.error)}`);
  const told = isObject(data) ? data : {};
  if (told["code"] !== "config_invalid" || told["path"] !== path) {
    fail(`the error's data should be ${show({ code: "config_invalid", path })}, found ${show(data)}`);
  }
}

function unsupported(config: JsonSchema): string | undefined {
  if (!isObject(config)) return "/config is not an object schema";
  if (config["type"] !== "object") return `/config/type is ${show(config["type"])}, not "object"`;
  const other = settingsOf(config).find(({ kind }) => kind === "other");
  return other === undefined ? undefined : `/config/properties/${other.key} is of another kind`;
}
