import { expect, test } from "vitest";
import { findPlaces } from "../../src/cli/places.ts";
import { unitFor } from "../../src/cli/systemd-unit.ts";

const places = findPlaces({ stateDir: "/state" }, {});

test.each([true, false])(
  "asks for a control group that it may manage, and stands below it (system: %s)",
  (system) => {
    const unit = unitFor(places, ["/usr/bin/bulkhead"], system);
    expect(unit).toContain("\nDelegate=memory pids\nDelegateSubgroup=supervisor\n");
    // A plugin that is over its limit must not stop the daemon.
    expect(unit).toContain("\nOOMPolicy=continue\n");
    const service = unit.slice(unit.indexOf("[Service]"), unit.indexOf("[Install]"));
    expect(service).toContain("Delegate=");
    // Comments stand on lines of their own: systemd takes the rest of a line for the value.
    for (const line of unit.split("\n")) expect(line).not.toMatch(/=.*\s#/);
  },
);
