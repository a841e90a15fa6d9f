import { describe, expect, test } from "vitest";
import { bubblewrapArguments, isInside, isWithin } from "../../../src/io/sandbox/bubblewrap.ts";
import type { Enclosure } from "../../../src/io/sandbox/bubblewrap.ts";

const nothing = { read: [], write: [], devices: [], network: false };
const enclosure: Enclosure = {
  executable: "/home/me/plugins/min",
  file: "/home/me/plugins/min",
  guard: "/opt/bulkhead/guard",
  dataDir: "/home/me/state/data/min",
  grants: nothing,
  masked: [],
  system: [
    { path: "/bin", link: "usr/bin" },
    { path: "/lib", link: undefined },
  ],
};
const joined = (more: Partial<Enclosure>): string => bubblewrapArguments({ ...enclosure, ...more }).join(" ");

describe("a strict sandbox", () => {
  test("has the system as it is here, the plugin and its data, and nothing of a home", () => {
    const all = joined({});
    expect(all).toContain("--ro-bind /usr /usr --symlink usr/bin /bin --ro-bind /lib /lib");
    expect(all).toContain("--ro-bind /home/me/plugins/min /home/me/plugins/min");
    expect(all).toContain("--bind /home/me/state/data/min /home/me/state/data/min");
    expect(all).not.toMatch(/bind \S+ \/home( |$)|bind \S+ \/home\/me( |$)/);
  });

  test("shares no namespace; the network is a grant, and brings the names of hosts along", () => {
    expect(joined({})).toContain("--unshare-net");
    expect(joined({})).not.toContain("/etc/resolv.conf");
    const open = joined({ grants: { ...nothing, network: true } });
    expect(open).not.toContain("--unshare-net");
    expect(open).toContain("--ro-bind-try /etc/resolv.conf /etc/resolv.conf");
  });

  test("hides what is masked after it has opened what is granted, and the plugin's own comes last", () => {
    const args = joined({
      grants: { ...nothing, read: ["/home/me"], devices: ["/dev/ttyS0"] },
      masked: [
        { path: "/home/me/state/here", isDirectory: true, above: ["/home/me/state"] },
        { path: "/home/me/control.sock", isDirectory: false, above: [] },
      ],
    });
    const places = [
      "--dev-bind /dev/ttyS0 /dev/ttyS0",
      "--ro-bind /home/me /home/me",
      "--bind /home/me/state /home/me/state ",
      "--tmpfs /home/me/state/here",
      "--ro-bind /dev/null /home/me/control.sock",
      "--ro-bind /home/me/plugins/min",
      "--bind /home/me/state/data/min",
      "--remount-ro /",
    ].map((each) => args.indexOf(each));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  test.each([
    ["/usr/bin/min", "/usr/bin/min", undefined],
    ["/usr/local/bin/min", "/home/me/min", "--ro-bind /home/me/min /home/me/min"],
    ["/home/me/link", "/usr/bin/min", "--ro-bind /usr/bin/min /home/me/link"],
  ])("runs %s, which is %s", (executable, file, bound) => {
    const own = / (--ro-bind \S+min \S+)/.exec(joined({ executable, file }))?.[1];
    expect(own).toBe(bound);
  });

  test("is entered where its directory is inside, else in its data directory", () => {
    const grants = { ...nothing, read: ["/srv/a"] };
    expect(
      ["/usr/share", "/srv/a/b", enclosure.dataDir, "/srv", "/srv/ab", "/"].map((each) =>
        isInside(each, { ...enclosure, grants }),
      ),
    ).toEqual([true, true, true, false, false, false]);
  });
});

test.each([
  ["/a", "/a", true],
  ["/a/b", "/a", true],
  ["/a/..b", "/a", true],
  ["/ab", "/a", false],
  ["/", "/a", false],
  ["/a", "/", true],
])("%s is within %s: %s", (place, directory, expected) => {
  expect(isWithin(place, directory)).toBe(expected);
});
