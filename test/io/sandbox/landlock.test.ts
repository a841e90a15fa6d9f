import { describe, expect, test } from "vitest";
import { landlockArguments, systemPlaces } from "../../../src/io/sandbox/landlock.ts";
import type { Reach } from "../../../src/io/sandbox/landlock.ts";

const reach: Reach = {
  executables: [{ file: "/home/me/bin/min", directory: "/home/me/bin" }],
  dataDir: "/home/me/state/data/min",
  grants: { read: ["/srv/words"], write: [], devices: ["/dev/ttyS0"], network: false },
  hidden: [],
  system: systemPlaces,
};
const joined = (more: Partial<Reach>): string => landlockArguments({ ...reach, ...more }).join(" ");

describe("a basic sandbox", () => {
  test("reads the system and what is beside its executable, and writes its data and temporary files", () => {
    const all = joined({});
    for (const each of ["--read /usr", "--read /home/me/bin", "--read /srv/words", "--device /dev/ttyS0"])
      expect(all).toContain(each);
    for (const each of ["--write /tmp", "--write /home/me/state/data/min"]) expect(all).toContain(each);
    expect(all).not.toMatch(/ \/home\/me( |$)/);
  });

  test("leaves out what the state lies in, and of such a directory of its executable takes the executable alone", () => {
    const all = joined({ hidden: ["/tmp/state", "/home/me/bin/state"] });
    expect(all).not.toMatch(/ \/tmp( |$)/);
    expect(all).not.toMatch(/ \/home\/me\/bin( |$)/);
    expect(all).toContain("--read /home/me/bin/min");
  });

  test("leaves it out under each of its names", () => {
    const system = { ...systemPlaces, write: ["/tmp", "/dev/null"] };
    expect(joined({ hidden: ["/tmp/state"], system })).not.toMatch(/ \/tmp( |$)/);
  });
});
