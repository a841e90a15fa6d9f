import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Looks, Unanswered } from "../../src/io/looks.ts";

const most = 8;
const never = (): Promise<never> => new Promise(() => undefined);
const now = (): Promise<string> => Promise.resolve("seen");

/** A signal as of a timeout, whose time is up when the test says so. */
function patience(): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    end: () => controller.abort(new DOMException("the time is up", "TimeoutError")),
  };
}

async function unanswered(look: Promise<unknown>): Promise<Unanswered> {
  const error: unknown = await look.catch((reason: unknown) => reason);
  if (error instanceof Unanswered) return error;
  throw new Error(`expected that it does not answer, got ${String(error)}`);
}

describe("a look that does not come back", () => {
  test("is given up by name, and what comes after all is handed over", async () => {
    const looks = new Looks(
      () => most,
      () => [],
      0,
    );
    const { signal, end } = patience();
    const late = Promise.withResolvers<string>();
    const discarded = Promise.withResolvers<string>();
    const look = looks.at("/gone/a", () => late.promise, { signal, discard: discarded.resolve });
    end();
    const error = await unanswered(look);
    expect(error.file).toBe("/gone/a");
    expect(error.message).toMatch(/^\/gone\/a could not be read in time/);
    late.resolve("after all");
    expect(await discarded.promise).toBe("after all");
  });

  test("is given up with the signal's own reason when that is no timeout", async () => {
    const looks = new Looks(
      () => most,
      () => [],
      0,
    );
    const controller = new AbortController();
    const look = looks.at("/gone/a", never, { signal: controller.signal });
    controller.abort("stopped");
    await expect(look).rejects.toBe("stopped");
    await expect(looks.at("/here", now, { signal: controller.signal })).rejects.toBe("stopped");
  });

  test("takes two places of its file, whoever asks how often", async () => {
    const looks = new Looks(
      () => most,
      () => [],
      0,
    );
    let begun = 0;
    const lost = (): Promise<never> => {
      begun++;
      return never();
    };
    for (let n = 0; n < 20; n++) void looks.at("/gone/a", lost);
    expect(begun).toBe(2);
    expect(await looks.at("/here", now)).toBe("seen");
    const { signal, end } = patience();
    const another = looks.at("/gone/a", now, { signal });
    end();
    expect((await unanswered(another)).message).toMatch(/looks at \/gone\/a have not come back/);
  });

  test("takes half of the places of its file system, and others are looked at", async () => {
    const looks = new Looks(
      () => most,
      () => ["/", "/gone", "/gone/not"],
    );
    let begun = 0;
    const lost = (): Promise<never> => {
      begun++;
      return never();
    };
    for (let n = 0; n < 20; n++) void looks.at(`/gone/${n}`, lost);
    expect(begun).toBe(most / 2);
    expect(await looks.at("/here", now)).toBe("seen");
    expect(await looks.at("/gone/not/at/all", now)).toBe("seen");
    expect(await looks.at("/goner", now)).toBe("seen");
  });

  test("leaves the places beyond all of theirs alone, and those who find none say whom they waited for", async () => {
    const looks = new Looks(
      () => most,
      () => [],
      0,
    );
    let begun = 0;
    const lost = (): Promise<never> => {
      begun++;
      return never();
    };
    for (let n = 0; n < 20; n++) void looks.at(`/gone/${n}`, lost);
    expect(begun).toBe(most);
    const { signal, end } = patience();
    const waiting = looks.at("/here", now, { signal });
    end();
    const error = await unanswered(waiting);
    expect(error.file).toBe("/here");
    expect(error.message).toMatch(/looks at \/gone\/0, \/gone\/1, \/gone\/2 have not come back/);
  });
});

test("all get their turn within the bounds, in the order of each file, whether looks come back or fail", async () => {
  const paths = ["/a", "/b", "/m/a", "/m/b", "/m/c"];
  const asked = fc.array(fc.record({ path: fc.constantFrom(...paths), fails: fc.boolean() }), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(
      asked,
      fc.integer({ min: 1, max: 9 }),
      fc.scheduler(),
      async (all, places, scheduler) => {
        const looks = new Looks(
          () => places,
          () => ["/", "/m"],
        );
        const underway: string[] = [];
        const begun: number[] = [];
        const count = (fits: (path: string) => boolean) => underway.filter(fits).length;
        const results = all.map(({ path, fails }, n) =>
          looks.at(path, async () => {
            begun.push(n);
            underway.push(path);
            expect(underway.length).toBeLessThanOrEqual(places);
            expect(count((each) => each === path)).toBeLessThanOrEqual(2);
            expect(count((each) => each.startsWith("/m/"))).toBeLessThanOrEqual(
              Math.max(2, Math.floor(places / 2)),
            );
            await scheduler.schedule(Promise.resolve());
            underway.splice(underway.indexOf(path), 1);
            if (fails) throw new Error("it is not there");
            return n;
          }),
        );
        const settled = Promise.allSettled(results);
        await scheduler.waitFor(settled);
        expect((await settled).map(({ status }) => status)).toEqual(
          all.map(({ fails }) => (fails ? "rejected" : "fulfilled")),
        );
        for (const path of paths) {
          const own = begun.filter((n) => all[n]?.path === path);
          expect(own).toEqual(own.toSorted((a, b) => a - b));
        }
      },
    ),
  );
});
