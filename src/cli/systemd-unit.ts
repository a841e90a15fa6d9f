/** A systemd unit for the daemon. Pure. */
import type { Places } from "./places.ts";

/**
 * @param program what to run, absolute
 * @param system a unit of the system rather than of one user
 */
export function unitFor(places: Places, program: readonly string[], system: boolean): string {
  const command = [...program, "up", "--state-dir", places.stateDir];
  if (places.configFile !== null) command.push("--config", places.configFile);
  return `[Unit]
Description=Bulkhead plugin supervisor
After=network.target

[Service]
Type=notify
# Node can not send the message itself: systemd-notify does, as a child.
NotifyAccess=all
ExecStart=${command.map(quoted).join(" ")}
ExecReload=/bin/kill -HUP $MAINPID
Environment=${quoted(`BULKHEAD_SOCKET=${places.socket}`)}
Restart=on-failure
RestartSec=1
# SIGTERM goes to the daemon alone, which drains its plugins; what is left after that is killed.
KillMode=mixed
TimeoutStopSec=30
UMask=0077
# Each plugin gets a control group of its own beside the daemon's. Needs systemd 254; an older one says that it ignores
# DelegateSubgroup=, and limits go by samples.
Delegate=memory pids
DelegateSubgroup=supervisor
# A plugin that is killed for want of memory is the daemon's affair.
OOMPolicy=continue
LimitNOFILE=65536
${system ? "RuntimeDirectory=bulkhead\nRuntimeDirectoryMode=0700\nStateDirectory=bulkhead\nStateDirectoryMode=0700\n" : ""}
[Install]
WantedBy=${system ? "multi-user.target" : "default.target"}
`;
}

/** systemd.service(5), "Command lines": quotes, backslashes, specifiers and variables are its own. */
function quoted(word: string): string {
  const escaped = word
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("%", "%%")
    .replaceAll("$", "$$$$");
  return /[\s"'\\;]/.test(word) ? `"${escaped}"` : escaped;
}
