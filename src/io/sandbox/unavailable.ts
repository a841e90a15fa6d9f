/** Why a plugin can not be put into its sandbox, and what to do about it. */
import { errnoOf, permanent, startFailure } from "../process/spawn-failure.ts";
import type { SpawnFailure } from "../process/spawn-failure.ts";

/** `item`: what is missing, as in what `doctor` shows. */
function unavailable(item: string, why: string, advice: string): SpawnFailure {
  const message = `its sandbox can't be had: ${why}. ${advice}`;
  return permanent("sandbox_unavailable", message, { stage: "sandbox", item });
}

export const withoutGuard = (mode: string): SpawnFailure =>
  unavailable(
    "guard",
    `a ${mode} sandbox needs the guard, and there is none`,
    "Build it (bulkhead doctor --build-guard needs a C compiler, on Linux) and restart the daemon.",
  );

export function withoutBubblewrap(named = process.env["BULKHEAD_BWRAP"] ?? ""): SpawnFailure {
  const why =
    named === "" ? "no bwrap is on the PATH" : `BULKHEAD_BWRAP names ${named}, which can't be executed`;
  return unavailable(
    "bubblewrap",
    `a strict sandbox needs bubblewrap, and ${why}`,
    'Install it (the package "bubblewrap"), or name it in BULKHEAD_BWRAP.',
  );
}

/** What the guard could not do. `said` is what bubblewrap wrote before it gave up. */
export function sandboxFailure(stage: string, errno: number, said: string): SpawnFailure | undefined {
  switch (stage) {
    case "rights":
      return unavailable("privileges", "the kernel refused no_new_privs", "It is older than Linux 3.5.");
    case "files":
      return unavailable(
        "files",
        "the kernel's Landlock refused the grants",
        startFailure(stage, errno).message,
      );
    case "calls":
      return unavailable(
        "calls",
        "the kernel takes no seccomp filter",
        "It needs CONFIG_SECCOMP_FILTER, on x86-64 or ARM64.",
      );
    case "cgroup":
      return {
        code: "spawn_failed",
        message:
          errnoOf(errno) === "ENOMEM"
            ? "its max_memory is not enough to start it"
            : `it could not be put into its control group (${errnoOf(errno)})`,
        detail: { stage, errno: errnoOf(errno) },
        transient: true,
      };
    case "sandbox":
      return refusedBy(said);
    default:
      return undefined;
  }
}

/** The kernel is short of something: the same may well work in a moment. */
const shortage =
  /Resource temporarily unavailable|Cannot allocate memory|No space left on device|Too many open files/;
const namespaces = /namespace|uid map|setgroups|Creating new/i;

function refusedBy(said: string): SpawnFailure {
  const words =
    said
      .replaceAll(/^bwrap: /gm, "")
      .trim()
      .replaceAll(/\s*\n\s*/g, "; ") || "it gave no reason";
  if (shortage.test(words)) {
    const message = `its sandbox could not be made: ${words}`;
    return { code: "spawn_failed", message, detail: { stage: "sandbox" }, transient: true };
  }
  if (namespaces.test(words)) return unavailable("namespaces", `bubblewrap says: ${words}`, namespaceAdvice);
  return unavailable("bubblewrap", `it says: ${words}`, "bulkhead doctor tries it alone.");
}

const namespaceAdvice =
  "Unprivileged user namespaces must be allowed: see the sysctls user.max_user_namespaces, " +
  "kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns; a container may need another seccomp profile.";
