/** The guard of a package that was installed without one: built where it is wanted, and taken only if nobody else can change it. */
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { buildGuard } from "../../../src/io/process/build-guard.ts";
import { builtGuard, guardPlaces } from "../../../src/io/process/guard-place.ts";

const native = path.resolve(import.meta.dirname, "../../../native");

/** A package with the guard's source and nothing else, and somebody who uses it. */
function installed({ isReadOnly = false } = {}) {
  const root = mkdtempSync(path.join(tmpdir(), "bulkhead-guard-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  cpSync(native, path.join(root, "native"), { recursive: true });
  // A mode would not keep the superuser from writing.
  if (isReadOnly) writeFileSync(path.join(root, "build"), "");
  const env = { PATH: process.env["PATH"], HOME: path.join(root, "home") };
  return { root, env, places: guardPlaces(env, root) };
}

/** A stand-in for the user's own guard, as it has to be. */
function ownGuard({ root, env, places }: ReturnType<typeof installed>): string {
  const file = places.ofUser ?? "";
  mkdirSync(path.dirname(file), { recursive: true });
  chmodSync(path.dirname(file), 0o755);
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, 0o755);
  expect(builtGuard(env, root)).toBe(file);
  return file;
}

describe.runIf(process.platform === "linux")("building it", () => {
  test("puts it into the package", async () => {
    const { root, env, places } = installed();
    expect(builtGuard(env, root)).toBeUndefined();
    const file = path.join(root, "build", "guard");
    expect(await buildGuard(env, root)).toEqual({ ok: true, file, compiler: "cc" });
    expect(places.ofPackage).toBe(file);
    expect(builtGuard(env, root)).toBe(file);
  });

  test("puts it with the user's own data where the package can not be written, closed to others", async () => {
    const { root, env, places } = installed({ isReadOnly: true });
    const file = places.ofUser ?? "";
    expect(file).toContain(path.join(root, "home", ".local", "share", "bulkhead", "guard-"));
    expect(await buildGuard(env, root)).toEqual({ ok: true, file, compiler: "cc" });
    expect(builtGuard(env, root)).toBe(file);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(statSync(path.dirname(file)).mode & 0o077).toBe(0);
  });

  test("says what is missing", async () => {
    const { root, env } = installed();
    const why = async (more: NodeJS.ProcessEnv): Promise<unknown> => buildGuard({ ...env, ...more }, root);
    expect(await why({ CC: "no-such-compiler" })).toMatchObject({
      ok: false,
      why: "there is no C compiler (no-such-compiler)",
      advice: expect.stringContaining("gcc"),
    });
    expect(await why({ BULKHEAD_GUARD: "" })).toMatchObject({ advice: "unset BULKHEAD_GUARD" });
    rmSync(path.join(root, "native", "landlock.h"));
    expect(await why({})).toMatchObject({ why: "there is no C header landlock.h" });
    rmSync(path.join(root, "native", "guard.c"));
    expect(await why({})).toMatchObject({ why: expect.stringContaining("its source is not in") });
    expect(builtGuard(env, root)).toBeUndefined();
  });
});

describe.runIf(process.platform === "linux")("a guard of the user's own is not taken", () => {
  test("when others can write it, or its directory", () => {
    const place = installed();
    const file = ownGuard(place);
    for (const each of [file, path.dirname(file)]) {
      for (const mode of [0o775, 0o757]) {
        chmodSync(each, mode);
        expect(builtGuard(place.env, place.root)).toBeUndefined();
      }
      chmodSync(each, 0o755);
    }
    expect(builtGuard(place.env, place.root)).toBe(file);
  });

  test.runIf(process.getuid?.() === 0)("when it, or its directory, belongs to somebody else", () => {
    const place = installed();
    const file = ownGuard(place);
    for (const each of [file, path.dirname(file)]) {
      chownSync(each, 65534, 65534);
      expect(builtGuard(place.env, place.root)).toBeUndefined();
      chownSync(each, 0, 0);
    }
  });

  test("when it is a link", () => {
    const place = installed();
    const file = ownGuard(place);
    rmSync(file);
    symlinkSync("/bin/true", file);
    expect(builtGuard(place.env, place.root)).toBeUndefined();
  });

  test("when it was built of another version's source", () => {
    const place = installed();
    ownGuard(place);
    writeFileSync(path.join(place.root, "native", "seccomp.h"), "/* another */\n");
    expect(builtGuard(place.env, place.root)).toBeUndefined();
  });
});
