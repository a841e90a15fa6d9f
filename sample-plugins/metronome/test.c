/* The metronome as its readers meet it. `make test` */
#include "bulkhead_test.h"

#include <stdbool.h>

static const char *executable;

static void check(bool ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "not so: %s\n", what);
    exit(1);
}

static json_int_t integer(const json_t *object, const char *name) {
    return json_integer_value(json_object_get(object, name));
}

static bool is_answer(const json_t *message, json_int_t id) {
    return json_object_get(message, "method") == NULL && integer(message, "id") == id;
}

/* Takes the next message, which must be this beat, and returns when it was. */
static json_int_t take_beat(bk_peer *plugin, json_int_t seq, json_int_t beat) {
    json_t *message = bk_peer_next(plugin), *params = json_object_get(message, "params");
    json_t *value = json_object_get(params, "value");
    char cursor[32];
    snprintf(cursor, sizeof cursor, "%lld", (long long)beat);
    check(params != NULL && integer(params, "seq") == seq && integer(value, "beat") == beat, "the beats are counted");
    check(strcmp(json_string_value(json_object_get(params, "cursor")), cursor) == 0, "the cursor is the beat");
    json_int_t at = integer(value, "at");
    json_decref(message);
    return at;
}

static json_int_t ticks(bk_peer *plugin, json_t *params, int credit) {
    return bk_peer_request(plugin, "metronome.ticks", params, json_pack("{s:i}", "credit", credit));
}

static void expect_answer(bk_peer *plugin, json_int_t id, json_int_t beats) {
    json_t *message = bk_peer_next(plugin);
    check(is_answer(message, id), "the answer comes after the last beat");
    check(integer(json_object_get(message, "result"), "beats") == beats, "the answer counts the beats");
    json_decref(message);
}

static void expect_error(bk_peer *plugin, json_int_t id, json_int_t code) {
    json_t *message = bk_peer_next(plugin);
    check(is_answer(message, id) && integer(json_object_get(message, "error"), "code") == code, "the call fails");
    json_decref(message);
}

static void expect_tempo(bk_peer *plugin, json_int_t bpm) {
    json_t *answer = bk_peer_call(plugin, "metronome.tempo", NULL);
    check(integer(json_object_get(answer, "result"), "bpm") == bpm, "the tempo is that of the configuration");
    json_decref(answer);
}

static void configure(bk_peer *plugin, int bpm) {
    bk_peer_request(plugin, "configure", json_pack("{s:{s:i}}", "config", "bpm", bpm), NULL);
}

static void beats_come_only_with_credit(void) {
    bk_peer plugin = bk_peer_start(executable, NULL);
    json_int_t id = ticks(&plugin, json_pack("{s:i, s:i}", "bpm", 6000, "count", 4), 2);
    check(take_beat(&plugin, 0, 1) > 1700000000000, "a beat says when it was");
    take_beat(&plugin, 1, 2);
    expect_tempo(&plugin, 120); /* the next message is its answer: no beat without credit */
    bk_peer_notify(&plugin, "$/credit", json_pack("{s:I, s:i}", "id", id, "n", 5));
    take_beat(&plugin, 2, 3);
    take_beat(&plugin, 3, 4);
    expect_answer(&plugin, id, 4);
    check(bk_peer_stop(&plugin) == 0, "it leaves in peace");
}

static void counting_goes_on_after_the_cursor(void) {
    bk_peer plugin = bk_peer_start(executable, NULL);
    json_int_t id = ticks(&plugin, json_pack("{s:i, s:i, s:s}", "bpm", 60000, "count", 2, "cursor", "41"), 9);
    take_beat(&plugin, 0, 42);
    take_beat(&plugin, 1, 43);
    expect_answer(&plugin, id, 2);
    id = ticks(&plugin, json_pack("{s:i, s:n}", "count", 0, "cursor"), 9);
    expect_answer(&plugin, id, 0);
    expect_error(&plugin, ticks(&plugin, json_pack("{s:s}", "cursor", "4x"), 1), -32602);
    expect_error(&plugin, ticks(&plugin, json_pack("{s:i}", "bpm", 0), 1), -32602);
    check(bk_peer_stop(&plugin) == 0, "it leaves in peace");
}

static void the_tempo_changes_while_it_ticks(void) {
    bk_peer plugin = bk_peer_start(executable, json_pack("{s:i}", "bpm", 1));
    expect_tempo(&plugin, 1);
    json_int_t id = ticks(&plugin, NULL, 3);
    take_beat(&plugin, 0, 1);
    /* The next beat would come after a minute, which is longer than this test waits. */
    configure(&plugin, 60000);
    json_t *answer = bk_peer_next(&plugin);
    check(json_object_get(answer, "result") != NULL, "it takes the new tempo");
    json_decref(answer);
    take_beat(&plugin, 1, 2);
    take_beat(&plugin, 2, 3);
    expect_tempo(&plugin, 60000);
    bk_peer_notify(&plugin, "$/cancelRequest", json_pack("{s:I}", "id", id));
    expect_error(&plugin, id, -32800);
    configure(&plugin, 0);
    answer = bk_peer_next(&plugin);
    check(integer(json_object_get(answer, "error"), "code") == -32002, "a tempo of 0 is refused");
    json_decref(answer);
    expect_tempo(&plugin, 60000);
    check(bk_peer_stop(&plugin) == 0, "it leaves in peace");
}

int main(int argc, char **argv) {
    executable = argc > 1 ? argv[1] : "build/metronome";
    beats_come_only_with_credit();
    counting_goes_on_after_the_cursor();
    the_tempo_changes_while_it_ticks();
    puts("ok");
    return 0;
}
