/*
 * The other end of every measurement: answers each request as fast as a pipe allows. It scans for the frame and the id
 * and nothing else, so that what is measured is the caller.
 *
 *   echo          a plugin: describes itself when it is asked; `one` answers 1, `back` its params, with the data beside them
 *   echo raw N    no frames: gives back every N bytes as they came
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static const char description[] =
    "{\"protocol\":1,\"plugin\":{\"name\":\"echo\",\"version\":\"1.0.0\"},\"apis\":[{\"name\":\"echo\",\"version\":"
    "\"1.0.0\",\"methods\":["
    "{\"name\":\"one\",\"params\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":"
    "\"integer\"}},\"required\":[\"a\",\"b\"]},\"result\":{\"type\":\"integer\"}},"
    "{\"name\":\"back\",\"params\":{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":["
    "\"text\"]},\"result\":{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},\"required\":["
    "\"text\"]}}]}],\"capabilities\":{\"bulk\":true}}";

static char *in, *out;
static size_t room = 1 << 20, out_room = 1 << 20, put;

static void fail(void) { _exit(1); }

static void *grown(void *old, size_t size) {
  void *memory = realloc(old, size);
  if (memory == NULL) fail();
  return memory;
}

static void reserve(size_t more) {
  if (put + more <= out_room) return;
  while (put + more > out_room) out_room *= 2;
  out = grown(out, out_room);
}

static void write_all(void) {
  for (size_t done = 0; done < put;) {
    ssize_t written = write(1, out + done, put - done);
    if (written <= 0) fail();
    done += (size_t)written;
  }
  put = 0;
}

static void answer(const char *id, int id_length, const char *result, size_t length) {
  reserve(length + 128);
  char lead[64];
  int lead_length = snprintf(lead, sizeof lead, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":", id_length, id);
  put += (size_t)sprintf(out + put, "Content-Length: %zu\r\n\r\n%s", (size_t)lead_length + length + 1, lead);
  memcpy(out + put, result, length);
  put += length;
  out[put++] = '}';
}

/* The data goes out from where it came in. */
static void answer_with_data(const char *id, int id_length, const char *result, size_t length, const char *data,
                             size_t data_length) {
  char lead[64];
  int lead_length = snprintf(lead, sizeof lead, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":", id_length, id);
  size_t json = (size_t)lead_length + length + 1;
  reserve(length + 256);
  put += (size_t)sprintf(out + put,
                         "Content-Length: %zu\r\nContent-Type: application/vnd.bulkhead.bulk; json=%zu\r\n\r\n%s",
                         json + data_length, json, lead);
  memcpy(out + put, result, length);
  put += length;
  out[put++] = '}';
  struct iovec pieces[] = {{out, put}, {(char *)data, data_length}};
  while (pieces[1].iov_len > 0) {
    ssize_t written = writev(1, pieces, 2);
    if (written <= 0) fail();
    for (int i = 0; i < 2; i++) {
      size_t taken = (size_t)written < pieces[i].iov_len ? (size_t)written : pieces[i].iov_len;
      pieces[i].iov_base = (char *)pieces[i].iov_base + taken;
      pieces[i].iov_len -= taken;
      written -= (ssize_t)taken;
    }
  }
  put = 0;
}

/* Of the body, `length` bytes are JSON, and `data_length` follow as data. */
static void serve(const char *body, size_t length, size_t data_length) {
  /* The envelope comes first; what a payload says must not be mistaken for it. */
  size_t head = length < 512 ? length : 512;
  const char *id = memmem(body, head, "\"id\":", 5);
  if (id == NULL) {
    if (memmem(body, head, "\"exit\"", 6) != NULL) _exit(0);
    return;
  }
  id += 5;
  int id_length = (int)strspn(id, "0123456789");
  if (memmem(body, head, "\"initialize\"", 12) != NULL) {
    answer(id, id_length, description, sizeof description - 1);
  } else if (memmem(body, head, ".back\"", 6) != NULL) {
    const char *params = memmem(body, head, "\"params\":", 9);
    if (params == NULL) fail();
    params += 9;
    size_t params_length = (size_t)(body + length - 1 - params);
    if (data_length == 0) answer(id, id_length, params, params_length);
    else answer_with_data(id, id_length, params, params_length, body + length, data_length);
  } else if (memmem(body, head, ".one\"", 5) != NULL) {
    answer(id, id_length, "1", 1);
  } else {
    answer(id, id_length, "{}", 2);
  }
}

static void frames(void) {
  size_t have = 0;
  for (;;) {
    ssize_t got = read(0, in + have, room - have);
    if (got <= 0) return;
    have += (size_t)got;
    size_t at = 0;
    for (;;) {
      char *end = memmem(in + at, have - at, "\r\n\r\n", 4);
      if (end == NULL) break;
      size_t length = strtoul(in + at + 16, NULL, 10), body = (size_t)(end - in) + 4;
      if (body + length > have) {
        if (body + length - at > room) {
          room = 2 * (body + length - at);
          in = grown(in, room);
        }
        break;
      }
      const char *bulk = memmem(in + at, body - at, "json=", 5);
      size_t json = bulk == NULL ? length : strtoul(bulk + 5, NULL, 10);
      serve(in + body, json, length - json);
      at = body + length;
      if (put > 1 << 16) write_all();
    }
    have -= at;
    memmove(in, in + at, have);
    if (put > 0) write_all();
    if (have == room) in = grown(in, room *= 2);
  }
}

static void raw(size_t size) {
  if (size > room) in = grown(in, size);
  for (size_t have = 0;;) {
    ssize_t got = read(0, in + have, size - have);
    if (got <= 0) return;
    have += (size_t)got;
    if (have < size) continue;
    for (size_t done = 0; done < size;) {
      ssize_t written = write(1, in + done, size - done);
      if (written <= 0) fail();
      done += (size_t)written;
    }
    have = 0;
  }
}

int main(int argc, char **argv) {
  in = grown(NULL, room);
  out = grown(NULL, out_room);
  if (argc == 3 && strcmp(argv[1], "raw") == 0) raw(strtoul(argv[2], NULL, 10));
  else frames();
  return 0;
}
