import { describe, expect, test } from "vitest";
import { findPlaces } from "../../src/cli/places.ts";
import { unitFor } from "../../src/cli/systemd-unit.ts";

const env = {
  BULKHEAD_STATE_DIR: "/env/state",
  BULKHEAD_SOCKET: "/env/it.sock",
  BULKHEAD_CONFIG: "/env/b.toml",
};

describe("where the daemon is", () => {
  test("flags beat variables", () => {
    const flags = { socket: "/flag/it.sock", stateDir: "/flag/state", config: "/flag/b.toml" };
    expect(findPlaces(flags, env)).toMatchObject({
      socket: "/flag/it.sock",
      stateDir: "/flag/state",
      configFile: "/flag/b.toml",
    });
    expect(findPlaces({}, env)).toMatchObject({
      socket: "/env/it.sock",
      stateDir: "/env/state",
      configFile: "/env/b.toml",
    });
  });

  test.each([
    [false, {}, {}],
    [false, { stateDir: "/a" }, { BULKHEAD_SOCKET: "/b.sock" }],
    [false, { stateDir: "/a", socket: "/b.sock" }, {}],
    [false, { socket: "/b.sock" }, { BULKHEAD_SOCKET: "/b.sock", BULKHEAD_STATE_DIR: "/a" }],
    [true, { socket: "/b.sock" }, {}],
    [true, { socket: "/b.sock" }, { BULKHEAD_STATE_DIR: "/a" }],
    [true, {}, { BULKHEAD_SOCKET: "/b.sock" }],
  ])("whether socket and state directory may be of two: %j for %j and %j", (apart, flags, variables) => {
    expect(findPlaces(flags, { HOME: "/home/it", ...variables })).toMatchObject({ apart });
  });

  test("an empty flag is none", () => {
    expect(findPlaces({ socket: "", stateDir: "", config: "" }, env)).toMatchObject({
      socket: "/env/it.sock",
    });
  });
});

describe("the systemd unit", () => {
  const places = findPlaces({ stateDir: "/my state/100%", config: "/etc/$x.toml" }, {});

  test("quotes what systemd would take apart", () => {
    const unit = unitFor(places, ["/usr/bin/node", "/opt/bulkhead.cjs"], false);
    expect(unit).toContain(
      'ExecStart=/usr/bin/node /opt/bulkhead.cjs up --state-dir "/my state/100%%" --config /etc/$$x.toml\n',
    );
    expect(unit).toContain("WantedBy=default.target");
    expect(unit).not.toContain("StateDirectory=");
  });

  test("of the system has directories of the system", () => {
    const unit = unitFor(places, ["/usr/bin/node"], true);
    expect(unit).toContain("RuntimeDirectory=bulkhead\n");
    expect(unit).toContain("WantedBy=multi-user.target");
  });
});
