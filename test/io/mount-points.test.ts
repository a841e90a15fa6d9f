import { describe, expect, test } from "vitest";
import { mountPointOf, mountPoints, parseMountInfo } from "../../src/io/mount-points.ts";

const info = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /net rw - autofs systemd-1 rw
41 40 0:36 / /net/disk\\040two rw shared:9 - nfs4 server:/two rw
`;

describe("mount points", () => {
  test("are read from the kernel's list, blanks included", () => {
    expect(parseMountInfo(info)).toEqual(["/", "/net", "/net/disk two"]);
  });

  test.each([
    ["/net/disk two/plugin", "/net/disk two"],
    ["/net/disk two", "/net/disk two"],
    ["/net/disk", "/net"],
    ["/network/plugin", undefined],
    ["/usr/bin/plugin", undefined],
  ])("%s is below %s", (path, expected) => {
    expect(mountPointOf(path, parseMountInfo(info))).toBe(expected);
  });

  test.runIf(process.platform === "linux")("are known of this machine", () => {
    expect(mountPoints()).toContain("/proc");
  });
});
