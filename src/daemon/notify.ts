/** Tells systemd how far the daemon is, where NOTIFY_SOCKET is set (sd_notify(3)). Without it: nothing. */
import { execFile } from "node:child_process";

/**
 * `READY=1`, `STOPPING=1`, `RELOADING=1`. Node has no datagram Unix sockets, so systemd's own program sends it; it is
 * there wherever the socket is. `MAINPID` has to be said, because the message comes from a child.
 */
export function notify(state: string): Promise<void> {
  if (process.env["NOTIFY_SOCKET"] === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    execFile("systemd-notify", [`--pid=${process.pid}`, state], { timeout: 2000 }, () => resolve());
  });
}
