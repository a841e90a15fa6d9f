/** What stands in the models because it is right, and what nothing can bring about: with the reason. */
const unheard =
  "an exit is listened for from the moment on when there is a process, and that is told at once";
const unset = "this timer is set when a pipe ends, and with it the state is another one";
const replaced = "a life has one timer, and since a pipe has ended it is that of the pipe";

/** Not even if everything else were wrong. */
export const impossible: Readonly<Record<string, string>> = {
  "session, spawning: exit 0": unheard,
  "session, spawning: exit": unheard,
  "session, spawning, unwanted: exit 0": unheard,
  "session, spawning, unwanted: exit": unheard,
  "session, initialize: late: stream_end": unset,
  "session, activate: late: stream_end": unset,
  "session, ready: late: stream_end": unset,
  "session, initialize~: late: handshake": replaced,
  "session, activate~: late: handshake": replaced,
  "plugin, starting: candidate gone: none":
    "before it is ready any end is a failure, and the end of one that was asked to leave is that of a retiring one",
};

const uncalled = "only calls that were given up make a process hung, and none is made before it is ready";

/** Not with the supervisor as it is. */
export const unasked: Readonly<Record<string, string>> = {
  "session, initialize: hung": uncalled,
  "session, initialize~: hung": uncalled,
  "session, activate: hung": uncalled,
  "session, activate~: hung": uncalled,
};
