/** Events that come, and calls that a plugin makes. */
import { errors } from "../../../protocol/error.ts";
import { isObject } from "../../core/json-value.ts";
import { fail, skip } from "../check.ts";
import type { Check } from "../check.ts";
import { sampleOf } from "../sample.ts";
import { show, showError } from "../show.ts";

const group = "Events and services";
const severity = "error";
const needs = "activate";
/** After that an event has failed. */
const eventMs = 5000;

export const services: readonly Check[] = [
  {
    id: "events",
    title: "answers the events that it wants to be told with null",
    group,
    severity,
    needs,
    fix: "Answer each event that the plugin has described with null, within 5 s.",
    async run(bench) {
      const { events } = bench.subject;
      if (events.length === 0) skip("it does not want to be told any event");
      const known = events.flatMap(([name, { params }]) => {
        const sample = bench.subject.given.get(name) ?? sampleOf(params);
        return isObject(sample) ? [{ name, params: sample }] : [];
      });
      if (known.length === 0) skip("no event could be made up; name one with --call");
      const conversation = await bench.ready();
      for (const { name, params } of known) {
        const answer = await conversation.answerTo(
          conversation.call(name, params),
          Math.max(eventMs, bench.patienceMs),
        );
        if (answer.kind === "result" && answer.result !== null)
          fail(`${name} was answered with ${show(answer.result)}, not with null`);
        // What was made up need not please it; that it does not know the event, or failed on it, is another matter.
        const { code } = answer.kind === "error" ? answer.error : { code: 0 };
        if (
          answer.kind === "error" &&
          (code === errors.method_not_found.number || code === errors.internal_error.number)
        ) {
          fail(`${name} with ${show(params)} was answered with ${showError(answer.error)}`);
        }
      }
    },
  },
  {
    id: "refused-service",
    title: "lives on when its host refuses a service",
    group,
    severity,
    needs,
    fix: "Treat an error of the host like any other: answer the call that needed the service with an error, and go on.",
    async run(bench) {
      const granted = (bench.subject.description.needs ?? []).flatMap(({ service, optional }) =>
        optional === true ? [] : [service],
      );
      // What it can not do without would never be refused: then nothing else is left to refuse it.
      const conversation = await bench.described(granted);
      await conversation.request("activate", bench.activation(conversation));
      for (const { name, params } of bench.subject.plain) await conversation.request(name, params);
      const refused = conversation.asked.filter(({ answer }) => answer.kind === "error");
      await bench.barrier(conversation);
      if (refused.length === 0) skip("it asked its host for nothing that it was not granted");
    },
  },
];
