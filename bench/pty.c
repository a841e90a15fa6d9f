// pty COLUMNS ROWS PROGRAM [ARGUMENT…]: runs it on a terminal of that size, whose keyboard is stdin and whose screen stdout.
// Leaves with its exit status.
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void pass(int to, const char *bytes, ssize_t count) {
  while (count > 0) {
    ssize_t written = write(to, bytes, (size_t)count);
    if (written <= 0) exit(1);
    bytes += written;
    count -= written;
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  struct winsize size = {.ws_col = (unsigned short)atoi(argv[1]), .ws_row = (unsigned short)atoi(argv[2])};
  int terminal;
  pid_t child = forkpty(&terminal, NULL, NULL, &size);
  if (child < 0) return 1;
  if (child == 0) {
    execvp(argv[3], argv + 3);
    _exit(127);
  }
  static char bytes[1 << 16];
  struct pollfd ends[2] = {{.fd = terminal, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
  for (;;) {
    if (poll(ends, 2, -1) < 0) return 1;
    if (ends[0].revents) {
      // EIO: nobody has the terminal open any more.
      ssize_t count = read(terminal, bytes, sizeof bytes);
      if (count <= 0) break;
      pass(1, bytes, count);
    }
    if (ends[1].revents) {
      ssize_t count = read(0, bytes, sizeof bytes);
      if (count <= 0) ends[1].fd = -1;
      else pass(terminal, bytes, count);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
