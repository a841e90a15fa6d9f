import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ensurePrivateDir, findConfigFile, statePaths } from "../../src/io/paths.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "bulkhead-paths-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function touch(name: string): string {
  const file = path.join(dir, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, "");
  return file;
}

describe("findConfigFile", () => {
  test("flag beats variable beats working directory beats XDG beats home", () => {
    const cwd = path.join(dir, "cwd");
    const env = {
      BULKHEAD_CONFIG: "named.toml",
      XDG_CONFIG_HOME: path.join(dir, "xdg"),
      HOME: path.join(dir, "home"),
    };
    const here = touch("cwd/bulkhead.toml");
    const xdg = touch("xdg/bulkhead/bulkhead.toml");
    const home = touch("home/.config/bulkhead/bulkhead.toml");

    expect(findConfigFile({ flag: "/flag.toml", env, cwd })).toBe("/flag.toml");
    expect(findConfigFile({ env, cwd })).toBe(path.join(cwd, "named.toml"));
    const unnamed = { ...env, BULKHEAD_CONFIG: "" };
    expect(findConfigFile({ env: unnamed, cwd })).toBe(here);
    expect(findConfigFile({ env: unnamed, cwd: dir })).toBe(xdg);
    expect(findConfigFile({ env: { ...unnamed, XDG_CONFIG_HOME: "relative" }, cwd: dir })).toBe(home);
  });

  test("what is named but not there is still the answer, so that the error names it", () => {
    expect(findConfigFile({ flag: "gone.toml", env: {}, cwd: dir })).toBe(path.join(dir, "gone.toml"));
  });
});

describe("statePaths", () => {
  const platform = "linux";

  test("flag beats BULKHEAD_STATE_DIR beats XDG_STATE_HOME beats home", () => {
    const env = { BULKHEAD_STATE_DIR: "/b", XDG_STATE_HOME: "/x", HOME: "/h" };
    expect(statePaths({ flag: "/f", env, platform }).stateDir).toBe("/f");
    expect(statePaths({ env, platform }).stateDir).toBe("/b");
    expect(statePaths({ env: { ...env, BULKHEAD_STATE_DIR: "" }, platform }).stateDir).toBe("/x/bulkhead");
    expect(statePaths({ env: { HOME: "/h", XDG_STATE_HOME: "x" }, platform }).stateDir).toBe(
      "/h/.local/state/bulkhead",
    );
  });

  test("everything is below the state directory, the socket in a directory of its own", () => {
    const { dataDir, copies, ...paths } = statePaths({ flag: "/s", env: {}, platform });
    expect(dataDir("min")).toBe("/s/data/min");
    expect(copies("min")).toBe("/s/executables/min");
    expect(paths).toEqual({
      stateDir: "/s",
      runtimeDir: "/s/run",
      socket: "/s/run/bulkhead.sock",
      lock: "/s/lock",
      journal: "/s/journal.db",
      daemonLog: "/s/daemon.log",
      logDir: "/s/logs",
    });
  });

  test("BULKHEAD_SOCKET names the socket, unless it is too long for one", () => {
    expect(statePaths({ env: { HOME: "/h", BULKHEAD_SOCKET: "/r/b.sock" }, platform })).toMatchObject({
      socket: "/r/b.sock",
      runtimeDir: "/r",
    });
    const tooLong = { HOME: "/h", BULKHEAD_SOCKET: `/${"ü".repeat(60)}` };
    expect(() => statePaths({ env: tooLong, platform })).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("a deep state directory has its socket elsewhere: short, its own, and where clients find it again", () => {
    const deep = `/${"d".repeat(90)}`;
    const env = { XDG_RUNTIME_DIR: "/run/user/7", TMPDIR: "/var/tmp" };
    const { socket, runtimeDir } = statePaths({ flag: deep, env, platform });
    expect(socket).toMatch(/^\/run\/user\/7\/bulkhead-\d+-[0-9a-f]{16}\/bulkhead\.sock$/);
    expect(runtimeDir).toBe(path.dirname(socket));
    expect(statePaths({ flag: deep, env, platform }).socket).toBe(socket);
    expect(statePaths({ flag: `${deep}e`, env, platform }).socket).not.toBe(socket);
    expect(statePaths({ flag: deep, env: { TMPDIR: "/var/tmp" }, platform }).socket).toMatch(
      /^\/var\/tmp\/bulkhead-/,
    );
    expect(statePaths({ flag: deep, env: { TMPDIR: deep }, platform }).socket).toMatch(
      new RegExp(`^/tmp/bulkhead-${userInfo().uid}-`),
    );
  });
});

const modeOf = (directory: string) => lstatSync(directory).mode & 0o777;
const failure = (message: RegExp) =>
  expect.objectContaining({ code: "state_unusable", message: expect.stringMatching(message) });

describe("ensurePrivateDir", () => {
  test("creates a directory that only its owner can enter, parents included, and is content to find it again", () => {
    const made = path.join(dir, "a/b");
    ensurePrivateDir(made);
    ensurePrivateDir(made);
    expect([modeOf(made), modeOf(path.dirname(made))]).toEqual([0o700, 0o700]);
  });

  test("closes an empty directory, and leaves one alone that may be somebody's home", () => {
    const open = path.join(dir, "open");
    mkdirSync(open);
    chmodSync(open, 0o755);
    ensurePrivateDir(open);
    expect(modeOf(open)).toBe(0o700);

    touch("open/file");
    chmodSync(open, 0o755);
    expect(() => ensurePrivateDir(open)).toThrow(
      failure(/others can look into it \(mode 755\); try: chmod 700 /),
    );
    expect(modeOf(open)).toBe(0o755);
  });

  test("refuses a symbolic link and a file", () => {
    const link = path.join(dir, "link");
    symlinkSync(dir, link);
    expect(() => ensurePrivateDir(link)).toThrow(failure(/it is a symbolic link/));
    expect(() => ensurePrivateDir(touch("file"))).toThrow(failure(/EEXIST/));
  });

  test("refuses a directory of someone else", () => {
    const asRoot = userInfo().uid === 0;
    if (asRoot) chownSync(dir, 12_345, 12_345);
    const foreign = asRoot ? dir : "/usr";
    expect(() => ensurePrivateDir(foreign)).toThrow(failure(/it belongs to user \d+, and this is user \d+/));
  });

  test.skipIf(process.getuid?.() !== 0)("is content with a user that has no name, as in containers", () => {
    const uid = 54_321;
    chownSync(dir, uid, uid);
    const module = path.resolve(import.meta.dirname, "../../src/io/paths.ts");
    // Loaded before, because the checkout may be in a place of root's.
    const program = `
      const { ensurePrivateDir, statePaths } = await import(${JSON.stringify(module)});
      process.setuid(${uid});
      ensurePrivateDir(process.argv[1]);
      console.log(statePaths({ flag: process.argv[1] + "/" + "deep".repeat(40), env: {} }).socket);`;
    const args = ["--input-type=module", "-e", program, path.join(dir, "state")];
    expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toContain(`bulkhead-${uid}-`);
  });
});
