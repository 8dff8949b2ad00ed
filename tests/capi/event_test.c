#include <math.h>
#include <string.h>

#include "check.h"

static plog_event* begin(plog_client* client) {
  plog_event* event = NULL;
  CHECK_OK(plog_event_begin(client, &event, &err));
  CHECK(event != NULL);
  return event;
}

static void key(plog_event* event, const char* text) { plog_event_key(event, text, strlen(text)); }

/* Commits the event and returns it as stored; the caller destroys the buffer. */
static plog_buffer* commit(plog_client* client, plog_event* event) {
  char id[37];
  CHECK_OK(plog_event_commit(event, id, &err));
  CHECK(strlen(id) == 36);
  return get_event(client, id);
}

static void expect_input(plog_client* client, plog_event* event, const char* expected) {
  plog_buffer* stored = commit(client, event);
  CHECK_CONTAINS(plog_buffer_data(stored), expected);
  plog_buffer_destroy(stored);
}

static void every_kind_of_value_is_written_in_canonical_form(void) {
  plog_client* client = open_client();
  plog_event* event = begin(client);
  key(event, "action_input");
  plog_event_begin_object(event);
  key(event, "z");
  plog_event_string(event, "t\"ext\xc3\xa9", 7);
  key(event, "int");
  plog_event_integer(event, -42);
  key(event, "max");
  plog_event_integer(event, INT64_MAX);
  key(event, "big");
  plog_event_integer_text(event, "-123456789012345678901234567890", 31);
  key(event, "text_int");
  plog_event_integer_text(event, "17", 2);
  key(event, "double");
  plog_event_double(event, 1.5e300);
  key(event, "nan");
  plog_event_double(event, NAN);
  key(event, "inf");
  plog_event_double(event, -INFINITY);
  key(event, "zero");
  plog_event_double(event, -0.0);
  key(event, "yes");
  plog_event_bool(event, 2);
  key(event, "no");
  plog_event_bool(event, 0);
  key(event, "null");
  plog_event_null(event);
  key(event, "list");
  plog_event_begin_array(event);
  plog_event_integer(event, 1);
  plog_event_begin_array(event);
  plog_event_end_array(event);
  plog_event_begin_object(event);
  plog_event_end_object(event);
  plog_event_end_array(event);
  key(event, "json");
  plog_event_json(event, " {\"b\":1,\"a\":[true,1.0]} ", 24);
  key(event, "cycle");
  plog_event_truncated(event, "cycle", 5);
  key(event, "empty");
  plog_event_string(event, NULL, 0);
  plog_event_end_object(event);
  expect_input(client, event,
               "\"action_input\":{\"big\":\"-123456789012345678901234567890\","
               "\"cycle\":{\"reason\":\"cycle\",\"truncated\":true},\"double\":1.5e+300,\"empty\":\"\","
               "\"inf\":\"-Infinity\",\"int\":-42,\"json\":{\"a\":[true,1],\"b\":1},\"list\":[1,[],{}],"
               "\"max\":\"9223372036854775807\",\"nan\":\"NaN\",\"no\":false,\"null\":null,\"text_int\":17,"
               "\"yes\":true,\"z\":\"t\\\"ext\xc3\xa9\",\"zero\":0}");
  plog_client_destroy(client);
}

static void coerced_keys_that_collide_are_numbered(void) {
  plog_client* client = open_client();
  plog_event* event = begin(client);
  key(event, "action_input");
  plog_event_begin_object(event);
  plog_event_coerced_key(event, "1", 1);
  plog_event_string(event, "first", 5);
  plog_event_coerced_key(event, "1", 1);
  plog_event_string(event, "second", 6);
  key(event, "1");
  plog_event_string(event, "real", 4);
  plog_event_end_object(event);
  expect_input(client, event, "\"action_input\":{\"1\":\"real\",\"1~2\":\"first\",\"1~3\":\"second\"}");
  plog_client_destroy(client);
}

static void the_last_of_two_equal_keys_wins(void) {
  plog_client* client = open_client();
  plog_event* event = begin(client);
  key(event, "action_input");
  plog_event_begin_object(event);
  key(event, "a");
  plog_event_integer(event, 1);
  key(event, "a");
  plog_event_integer(event, 2);
  plog_event_end_object(event);
  expect_input(client, event, "\"action_input\":{\"a\":2}");
  plog_client_destroy(client);
}

static void a_warning_is_kept_with_the_place_of_its_value(void) {
  plog_client* client = open_client();
  plog_event* event = begin(client);
  plog_buffer* stored;
  key(event, "metadata");
  plog_event_begin_object(event);
  key(event, "x");
  plog_event_warning(event, "repr_failed", 11, "its __repr__ raised", 19);
  plog_event_string(event, "?", 1);
  plog_event_end_object(event);
  stored = commit(client, event);
  CHECK_CONTAINS(plog_buffer_data(stored), "\"code\":\"repr_failed\"");
  CHECK_CONTAINS(plog_buffer_data(stored), "\"field\":\"/metadata/x\"");
  CHECK_CONTAINS(plog_buffer_data(stored), "its __repr__ raised");
  plog_buffer_destroy(stored);
  plog_client_destroy(client);
}

static void depth_counts_open_containers_and_too_deep_a_value_becomes_a_marker(void) {
  plog_client* client = open_client();
  plog_event* event = begin(client);
  plog_buffer* stored;
  int i;
  CHECK(plog_event_depth(event) == 1);
  key(event, "action_input");
  for (i = 0; i < 200; ++i) plog_event_begin_array(event);
  for (i = 0; i < 200; ++i) plog_event_end_array(event);
  CHECK(plog_event_depth(event) == 1);
  stored = commit(client, event);
  CHECK_CONTAINS(plog_buffer_data(stored), "[{\"reason\":\"depth\",\"truncated\":true}]");
  plog_buffer_destroy(stored);
  plog_client_destroy(client);
}

static void invalid_utf8_is_repaired_with_a_warning(void) {
  plog_client* client = open_client();
  plog_event* event = begin(client);
  plog_buffer* stored;
  key(event, "action_input");
  plog_event_string(event,
                    "a\xff"
                    "b",
                    3);
  stored = commit(client, event);
  CHECK_CONTAINS(plog_buffer_data(stored),
                 "\"action_input\":\"a\xef\xbf\xbd"
                 "b\"");
  CHECK_CONTAINS(plog_buffer_data(stored), "invalid_utf8");
  plog_buffer_destroy(stored);
  plog_client_destroy(client);
}

static void a_cancelled_event_leaves_no_trace(void) {
  plog_client* client = open_client();
  plog_event* event = begin(client);
  key(event, "action_name");
  plog_event_string(event, "never", 5);
  plog_event_cancel(event);
  flush_client(client);
  CHECK(count_events(client, "{}") == 0);
  plog_client_destroy(client);
}

static void events_may_be_written_inside_one_another(void) {
  plog_client* client = open_client();
  plog_event* outer = begin(client);
  plog_event* inner;
  key(outer, "action_name");
  inner = begin(client);
  key(inner, "action_name");
  plog_event_string(inner, "inner", 5);
  CHECK_OK(plog_event_commit(inner, NULL, &err));
  plog_event_string(outer, "outer", 5);
  CHECK_OK(plog_event_commit(outer, NULL, &err));
  CHECK(count_events(client, "{\"action_name\":\"inner\"}") == 1);
  CHECK(count_events(client, "{\"action_name\":\"outer\"}") == 1);
  plog_client_destroy(client);
}

static void text(plog_event* event, const char* value) { plog_event_string(event, value, strlen(value)); }

static void value_without_a_key(plog_event* event) { text(event, "x"); }
static void key_without_a_value(plog_event* event) { key(event, "a"); }
static void two_keys(plog_event* event) {
  key(event, "a");
  key(event, "b");
  text(event, "x");
}
static void key_in_an_array(plog_event* event) {
  key(event, "a");
  plog_event_begin_array(event);
  key(event, "b");
  text(event, "x");
  plog_event_end_array(event);
}
static void array_ended_as_an_object(plog_event* event) {
  key(event, "a");
  plog_event_begin_array(event);
  plog_event_end_object(event);
}
static void object_ended_as_an_array(plog_event* event) {
  key(event, "a");
  plog_event_begin_object(event);
  plog_event_end_array(event);
}
static void event_ended_by_hand(plog_event* event) { plog_event_end_object(event); }
static void container_left_open(plog_event* event) {
  key(event, "a");
  plog_event_begin_object(event);
}
static void container_left_open_below_the_depth_limit(plog_event* event) {
  int i;
  key(event, "a");
  for (i = 0; i < 150; ++i) plog_event_begin_array(event);
  for (i = 0; i < 149; ++i) plog_event_end_array(event);
}
static void digits_that_are_none(plog_event* event) {
  key(event, "a");
  plog_event_integer_text(event, "12x", 3);
}
static void no_digits(plog_event* event) {
  key(event, "a");
  plog_event_integer_text(event, "-", 1);
}
static void malformed_json(plog_event* event) {
  key(event, "a");
  plog_event_json(event, "{\"x\":", 5);
}
static void missing_text(plog_event* event) {
  key(event, "a");
  plog_event_string(event, NULL, 3);
}
static void missing_key_text(plog_event* event) {
  plog_event_key(event, NULL, 3);
  text(event, "x");
}

static void misuse_is_reported_by_commit_and_records_nothing(void) {
  static void (*const misuses[])(plog_event*) = {
      value_without_a_key,
      key_without_a_value,
      two_keys,
      key_in_an_array,
      array_ended_as_an_object,
      object_ended_as_an_array,
      event_ended_by_hand,
      container_left_open,
      container_left_open_below_the_depth_limit,
      digits_that_are_none,
      no_digits,
      malformed_json,
      missing_text,
      missing_key_text,
  };
  plog_client* client = open_client();
  size_t i;
  for (i = 0; i < sizeof misuses / sizeof misuses[0]; ++i) {
    plog_event* event = begin(client);
    char id[37] = "old";
    misuses[i](event);
    CHECK_CALL(PLOG_E_INVALID, plog_event_commit(event, id, &err));
    CHECK_TEXT("", id);
  }
  CHECK(count_events(client, "{}") == 0);
  log_text(client, "{}");
  CHECK(count_events(client, "{}") == 1);
  plog_client_destroy(client);
}

static void calls_after_a_misuse_change_nothing(void) {
  plog_client* client = open_client();
  plog_event* event = begin(client);
  text(event, "no key");
  key(event, "action_name");
  text(event, "x");
  plog_event_end_array(event);
  plog_event_begin_array(event);
  plog_event_double(event, 1);
  plog_event_warning(event, "c", 1, "d", 1);
  CHECK_CALL(PLOG_E_INVALID, plog_event_commit(event, NULL, &err));
  plog_client_destroy(client);
}

static void an_event_without_an_agent_is_refused_by_commit(void) {
  plog_client_options options;
  plog_client* client = NULL;
  char id[37] = "old";
  plog_client_options_init(&options);
  options.db_path = "test.db";
  CHECK_OK(plog_client_new(&options, &client, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_event_commit(begin(client), id, &err));
  CHECK_TEXT("", id);
  plog_client_destroy(client);
}

static void both_ways_in_store_the_same_octets(void) {
  plog_client* client = open_client();
  plog_event* event = begin(client);
  plog_buffer *written, *parsed;
  static const char json[] =
      "{\"agent_id\":\"by-json\",\"id\":\"00000000-0000-7000-8000-000000000001\",\"salt\":\"s\","
      "\"timestamp\":\"2026-02-17T00:00:00Z\",\"action_input\":{\"b\":[1,2.50,\"x\"],\"a\":null}}";
  char* end;
  key(event, "agent_id");
  text(event, "by-text");
  key(event, "id");
  text(event, "00000000-0000-7000-8000-000000000002");
  key(event, "salt");
  text(event, "s");
  key(event, "timestamp");
  text(event, "2026-02-17T00:00:00Z");
  key(event, "action_input");
  plog_event_begin_object(event);
  key(event, "a");
  plog_event_null(event);
  key(event, "b");
  plog_event_begin_array(event);
  plog_event_integer(event, 1);
  plog_event_double(event, 2.5);
  text(event, "x");
  plog_event_end_array(event);
  plog_event_end_object(event);
  written = commit(client, event);
  log_text(client, json);
  parsed = get_event(client, "00000000-0000-7000-8000-000000000001");
  CHECK_CONTAINS(plog_buffer_data(written), "\"action_input\":{\"a\":null,\"b\":[1,2.5,\"x\"]}");
  /* The two differ only in agent and id: everything before the agent's name is the same. */
  end = strstr(plog_buffer_data(parsed), "json");
  CHECK(end != NULL);
  CHECK(strncmp(plog_buffer_data(parsed), plog_buffer_data(written), (size_t)(end - plog_buffer_data(parsed))) == 0);
  plog_buffer_destroy(parsed);
  plog_buffer_destroy(written);
  plog_client_destroy(client);
}

static void an_event_of_a_closed_client_is_refused(void) {
  plog_client* client = open_client();
  plog_event* event = begin(client);
  CHECK_OK(plog_client_close(client, 30000, &err));
  CHECK_CALL(PLOG_E_CLOSED, plog_event_commit(event, NULL, &err));
  plog_client_destroy(client);
}

static void a_commit_with_another_policy_records_the_event_and_refuses_an_unknown_one(void) {
  plog_client* client = open_client();
  char id[37] = "old";
  CHECK_OK(plog_event_commit_with(begin(client), PLOG_ON_FULL_RAISE, id, &err));
  CHECK(strlen(id) == 36);
  CHECK_CALL(PLOG_E_INVALID, plog_event_commit_with(begin(client), 4, id, &err));
  CHECK_TEXT("", id);
  flush_client(client);
  CHECK(count_events(client, "{}") == 1);
  plog_client_destroy(client);
}

const test_case event_tests[] = {
    {"a commit with its own policy records the event, and an unknown policy is rejected",
     a_commit_with_another_policy_records_the_event_and_refuses_an_unknown_one},
    {"every kind of value is written in canonical form", every_kind_of_value_is_written_in_canonical_form},
    {"coerced keys that collide are numbered", coerced_keys_that_collide_are_numbered},
    {"the last of two equal keys wins", the_last_of_two_equal_keys_wins},
    {"a warning is stored with the path of its value", a_warning_is_kept_with_the_place_of_its_value},
    {"depth counts open containers, and a value that is too deep becomes a marker",
     depth_counts_open_containers_and_too_deep_a_value_becomes_a_marker},
    {"invalid UTF-8 is repaired with a warning", invalid_utf8_is_repaired_with_a_warning},
    {"a cancelled event leaves no trace", a_cancelled_event_leaves_no_trace},
    {"a second event may be written while one is open", events_may_be_written_inside_one_another},
    {"misuse is reported by commit and records nothing", misuse_is_reported_by_commit_and_records_nothing},
    {"calls after a misuse change nothing", calls_after_a_misuse_change_nothing},
    {"commit rejects an event without an agent", an_event_without_an_agent_is_refused_by_commit},
    {"JSON text and the event writer store the same bytes", both_ways_in_store_the_same_octets},
    {"an event of a closed client is rejected", an_event_of_a_closed_client_is_refused},
    {NULL, NULL},
};
