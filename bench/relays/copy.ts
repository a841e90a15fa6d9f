/** The floor of every relay: bytes from one side to the other, as they come. */
import { relay } from "./relay.ts";

relay(({ socket, input, output }) => {
  socket.on("data", (chunk) => void output.write(chunk));
  input.on("data", (chunk) => void socket.write(chunk));
});
