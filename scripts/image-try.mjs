// `npm run image:try`: builds the image on a machine without a container engine and has a call answered inside it.
// Debian or Ubuntu, as root. The base image is made by debootstrap; buildah needs neither a daemon nor a registry.
import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { env, root } from "./setup.mjs";

const minute = 60_000;
const base = "localhost/bulkhead-try-base";
const image = "localhost/bulkhead-try";

class Failure extends Error {}

/** Runs a program and resolves with its stdout; its output is shown only when it fails, or when `show` is set. */
function run(command, args, { show = false, ...options } = {}) {
  const done = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 256 * 1024 * 1024,
    timeout: 10 * minute,
    stdio: show ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    ...options,
  });
  if (done.error) throw new Failure(`${command}: ${done.error.message}`);
  if (done.status === 0) return done.stdout ?? "";
  if (!show) process.stderr.write(`${done.stdout}${done.stderr}`.split("\n").slice(-60).join("\n"));
  throw new Failure(`${command} ${args[0] ?? ""} ended with ${done.status ?? done.signal}`);
}

/** Trimmed stdout, or nothing where the program is missing or fails. */
function ask(command, args) {
  const done = spawnSync(command, args, { encoding: "utf8", env, cwd: root });
  return done.status === 0 ? done.stdout.trim() : "";
}

const started = Date.now();
function step(text) {
  process.stderr.write(`image: ${text} (${Math.round((Date.now() - started) / 1000)} s)\n`);
}

function onPath(program) {
  return (env.PATH ?? "").split(path.delimiter).some((directory) => {
    try {
      accessSync(path.join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function tools() {
  if (process.platform !== "linux" || !onPath("apt-get")) {
    throw new Failure("not tried: this needs Debian or Ubuntu; elsewhere: docker build .");
  }
  if (process.getuid() !== 0) throw new Failure("not tried: debootstrap and chroot need root");
  const wanted = { buildah: ["buildah"], debootstrap: ["debootstrap"], cc: ["gcc", "libc6-dev"] };
  const missing = Object.keys(wanted).filter((program) => !onPath(program));
  if (missing.length === 0) return;
  step(`installing ${missing.join(", ")} with apt-get`);
  const quiet = { env: { ...env, DEBIAN_FRONTEND: "noninteractive" } };
  run("apt-get", ["update", "-q"], quiet);
  const packages = missing.flatMap((program) => wanted[program]);
  run("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...packages], quiet);
}

/** Where this machine's own packages come from, so that a machine with a mirror uses it here too. */
function mirror() {
  const format = ["--format", "$(CREATED_BY) $(COMPONENT) $(CODENAME) $(ORIGIN) $(REPO_URI)"];
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  if (codename === undefined) throw new Failure("not tried: /etc/os-release has no VERSION_CODENAME");
  const main = ask("apt-get", ["indextargets", ...format])
    .split("\n")
    .map((line) => line.split(" "))
    .find(([kind, component, release, origin]) => {
      const official = origin === "Debian" || origin === "Ubuntu";
      return kind === "Packages" && component === "main" && release === codename && official;
    });
  return { codename, uri: main?.[4] };
}

/** The certificates that this machine trusts, where it was told of any besides the usual ones. */
function certificates() {
  const told = [
    process.env.NODE_EXTRA_CA_CERTS,
    ask("npm", ["config", "get", "cafile"]),
    process.env.SSL_CERT_FILE,
  ];
  return told.find((file) => file && existsSync(file));
}

function makeBase(directory, buildah, bundle) {
  const { codename, uri } = mirror();
  const tree = path.join(directory, "base");
  step(`making a base image: debootstrap ${codename}`);
  run("debootstrap", ["--variant=minbase", codename, tree, ...(uri === undefined ? [] : [uri])]);
  const proxy = ask("apt-config", ["dump", "Acquire"]).split("\n");
  writeFileSync(
    path.join(tree, "etc/apt/apt.conf.d/90proxy"),
    proxy.filter((line) => /^Acquire::https?::proxy/i.test(line)).join("\n"),
  );
  if (bundle !== undefined && uri?.startsWith("https:")) {
    // A minimal base trusts nobody, and could not fetch even the package that changes that.
    mkdirSync(path.join(tree, "etc/ssl/certs"), { recursive: true });
    copyFileSync(bundle, path.join(tree, "etc/ssl/certs/ca-certificates.crt"));
  }
  const container = buildah("from", "scratch").trim();
  buildah("add", "--quiet", container, tree, "/");
  buildah("commit", "--quiet", "--rm", container, base);
}

function build(directory, buildah, bundle) {
  step("building the Dockerfile");
  // Not the user's own .npmrc: it may hold credentials, and a build has no business with them.
  const npmrc = path.join(directory, "npmrc");
  const registry = ask("npm", ["config", "get", "registry"]);
  const lines = [registry && `registry=${registry}`, bundle && "cafile=/run/certificates.crt"];
  writeFileSync(npmrc, lines.filter(Boolean).join("\n"));
  const volumes = [
    `${npmrc}:/root/.npmrc:ro`,
    ...(bundle === undefined ? [] : [`${bundle}:/run/certificates.crt:ro`]),
  ];
  buildah(
    "build",
    "--format=docker",
    `--tag=${image}`,
    `--build-arg=BUILD_BASE=${base}`,
    `--build-arg=RUNTIME_BASE=${base}`,
    ...volumes.map((volume) => `--volume=${volume}`),
    root,
  );
}

/** A folder as an operator would mount it at /plugins. */
function plugins(directory) {
  const folder = path.join(directory, "plugins", "wordcount");
  mkdirSync(folder, { recursive: true });
  const source = path.join(root, "sample-plugins", "wordcount");
  const files = readdirSync(source).filter((name) => name.endsWith(".c"));
  if (files.length === 0) throw new Failure(`no C source in ${source}`);
  // Static: the image may have an older C library than this machine.
  const sources = files.map((name) => path.join(source, name));
  run("cc", ["-O2", "-static", "-o", path.join(folder, "wordcount"), ...sources, "-lm"]);
  writeFileSync(path.join(folder, "plugin.toml"), 'command = "./wordcount"\n');
  return path.join(directory, "plugins");
}

/** What an engine would do with the image, and a user with the running container. Its arguments: the image's command. */
const inside = (healthcheck) => `
set -eu
fail() { echo "image: $*" >&2; exit 1; }
[ "$(id -u)" -ne 0 ] || fail "it runs as root"
"$@" &
daemon=$!
trap 'kill -KILL $daemon 2>/dev/null || :' EXIT
tries=0
until ${healthcheck} >/dev/null 2>&1; do
  kill -0 $daemon 2>/dev/null || fail "the daemon ended before it was healthy"
  tries=$((tries + 1)); [ $tries -lt 60 ] || fail "it was not healthy within 60 tries"
  sleep 0.25
done
socket=$(find "$BULKHEAD_STATE_DIR" -type s)
for place in "$BULKHEAD_STATE_DIR" "$(dirname "$socket")" "$socket"; do stat -c '%a %U %n' "$place"; done
[ "$(stat -c %a "$socket")" = 600 ] || fail "the socket is open to others"
[ "$(stat -c %a "$(dirname "$socket")")" = 700 ] || fail "the socket's directory is open to others"
echo '$ bulkhead call wordcount.count text="one two"'
answer=$(bulkhead call wordcount.count text="one two")
echo "$answer"
echo "$answer" | grep -Eq '"?words"?[^0-9]*2' || fail "that is not the answer"
echo '$ bulkhead ps'
bulkhead ps
echo '$ bulkhead new hello --lang c'
bulkhead new hello --lang c --dir /tmp
[ -f /tmp/hello/sdk/bulkhead_plugin.c ] || fail "the new plugin has no SDK"
echo '$ bulkhead down'
bulkhead down
wait $daemon || fail "the daemon ended with $?"
trap - EXIT
! ${healthcheck} >/dev/null 2>&1 || fail "it is healthy although nothing runs"
`;

function tryImage(directory, buildah) {
  const { config } = JSON.parse(buildah("inspect", "--type", "image", image)).Docker;
  const [kind, ...healthcheck] = config.Healthcheck?.Test ?? [];
  if (kind !== "CMD") throw new Failure("the image has no health check of the form CMD");
  if (config.Volumes?.["/var/lib/bulkhead"] === undefined)
    throw new Failure("the image has no volume for its state");
  const mounted = plugins(directory);
  step(`starting it as ${config.User}: ${[...config.Entrypoint, ...config.Cmd].join(" ")}`);
  const container = buildah("from", image).trim();
  const quoted = healthcheck.map((word) => `'${word}'`).join(" ");
  const command = ["sh", "-c", inside(quoted), "sh", ...config.Entrypoint, ...config.Cmd];
  buildah.show("run", "--volume", `${mounted}:/plugins:ro`, container, "--", ...command);
}

/** What an interrupted debootstrap or build left mounted must go first: deleting would reach into it. */
function remove(directory) {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  const left = mounts
    .map((line) => line.split(" ")[1] ?? "")
    .filter((place) => place.startsWith(`${directory}/`));
  for (const place of left.toReversed()) spawnSync("umount", ["-l", place]);
  const { status } = spawnSync("rm", ["-rf", "--one-file-system", directory]);
  if (status !== 0) process.stderr.write(`image: could not remove all of ${directory}\n`);
}

function main() {
  tools();
  const directory = mkdtempSync(path.join(tmpdir(), "bulkhead-image-"));
  // The container's user has to get through to what is mounted from here.
  chmodSync(directory, 0o711);
  const storage = ["--root", path.join(directory, "storage"), "--runroot", path.join(directory, "run")];
  const options = { env: { ...env, TMPDIR: directory, BUILDAH_ISOLATION: "chroot", STORAGE_DRIVER: "vfs" } };
  const global = [...storage, "--storage-driver", "vfs"];
  const buildah = (...args) => run("buildah", [...global, ...args], options);
  buildah.show = (...args) => run("buildah", [...global, ...args], { ...options, show: true });
  try {
    const bundle = certificates();
    makeBase(directory, buildah, bundle);
    build(directory, buildah, bundle);
    tryImage(directory, buildah);
  } finally {
    remove(directory);
  }
  step("a call was answered inside the image");
}

// Nothing to do but to live on: the program that runs is interrupted too, and its failure leads to the cleaning up.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

try {
  main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  process.stderr.write(`image: ${error.message}\n`);
  process.exitCode = 1;
}
