/* A source: beats that go on where their reader has stopped. */
#include "bulkhead_plugin.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BPM 120
/* A change of the tempo is noticed after so long. */
#define NOTICE_MS 50.0

static atomic_int tempo = BPM;

static double milliseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

/* Sleeps until a beat of this tempo after `last`, both in milliseconds; `bpm` 0 is the configured tempo, which may
 * change meanwhile. *last becomes the time of the new beat. False when the call was cancelled. */
static bool await_beat(bk_call *call, int bpm, double *last) {
    for (;;) {
        double interval = 60000.0 / (bpm > 0 ? bpm : atomic_load(&tempo));
        double due = *last + interval, now = milliseconds(CLOCK_MONOTONIC);
        if (due <= now) {
            /* A reader that was away is not sent all that it missed at once. */
            *last = now - due < interval ? due : now;
            return !bk_cancelled(call);
        }
        if (!bk_sleep(call, (long long)ceil(fmin(due - now, NOTICE_MS)))) return false;
    }
}

static bool read_cursor(const json_t *cursor, long long *beat) {
    *beat = 0;
    if (!json_is_string(cursor)) return true;
    const char *text = json_string_value(cursor);
    char *end;
    errno = 0;
    *beat = strtoll(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

static json_t *ticks(bk_call *call, json_t *params) {
    json_t *count = json_object_get(params, "count");
    int bpm = (int)json_integer_value(json_object_get(params, "bpm"));
    long long beat, beats = 0;
    if (!read_cursor(json_object_get(params, "cursor"), &beat))
        return bk_fail_at(call, BK_INVALID_PARAMS, "invalid_params", "/cursor",
                          "/cursor: expected the cursor of a beat");
    double last = milliseconds(CLOCK_MONOTONIC) - 60000;
    for (; count == NULL || beats < json_integer_value(count); beats++) {
        if (!await_beat(call, bpm, &last)) return NULL;
        char cursor[32];
        snprintf(cursor, sizeof cursor, "%lld", ++beat);
        json_int_t at = (json_int_t)milliseconds(CLOCK_REALTIME);
        if (!bk_item(call, json_pack("{s:I, s:I}", "beat", (json_int_t)beat, "at", at), cursor)) return NULL;
    }
    return json_pack("{s:I}", "beats", (json_int_t)beats);
}

static json_t *tell_tempo(bk_call *call, json_t *params) {
    (void)call, (void)params;
    return json_pack("{s:i}", "bpm", atomic_load(&tempo));
}

static json_t *take_tempo(bk_call *call, json_t *config) {
    (void)call;
    json_t *bpm = json_object_get(config, "bpm");
    atomic_store(&tempo, bpm != NULL ? (int)json_integer_value(bpm) : BPM);
    return json_null();
}

/* clang-format off */
static const bk_method methods[] = {
    {.name = "ticks",
     .handler = ticks,
     .description = "Beats, at this tempo or at the configured one; without a count for ever.",
     .params = BK_JSON({"type": "object", "properties": {
         "bpm": {"type": "integer", "minimum": 1, "maximum": 60000,
                 "description": "Beats per minute; without it those of the configuration, also when they change."},
         "count": {"type": "integer", "minimum": 0},
         "cursor": {"type": ["string", "null"], "description": "Go on counting after this beat."}}}),
     .item = BK_JSON({"type": "object", "properties": {
         "beat": {"type": "integer"}, "at": {"type": "integer", "description": "Unix time in milliseconds."}},
         "required": ["beat", "at"]}),
     .result = BK_JSON({"type": "object", "properties": {"beats": {"type": "integer"}}, "required": ["beats"]}),
     .idempotent = true},
    {.name = "tempo",
     .handler = tell_tempo,
     .description = "The configured tempo.",
     .result = BK_JSON({"type": "object", "properties": {"bpm": {"type": "integer"}}, "required": ["bpm"]}),
     .idempotent = true},
    {0}};

static const bk_api apis[] = {{.name = "metronome", .version = "1.0.0", .methods = methods}, {0}};

int main(void) {
    return bk_run(&(bk_plugin){
        .name = "metronome",
        .version = "1.0.0",
        .apis = apis,
        .config = BK_JSON({"type": "object", "properties": {
            "bpm": {"type": "integer", "minimum": 1, "maximum": 60000, "default": 120, "description": "Beats per minute."}}}),
        .activate = take_tempo,
        .configure = take_tempo,
    });
}
