/* See writer.py for the commands. This writer uses plog_event: it writes the event value by value. */
#include <math.h>
#include <provenlog/plog.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static plog_error* error = NULL;

static void check(plog_status status) {
  if (status != PLOG_OK) {
    fprintf(stderr, "%s: %s\n", plog_status_name(status), plog_error_message(error));
    exit(1);
  }
}

static void text(plog_event* event, const char* value) { plog_event_string(event, value, strlen(value)); }
static void key(plog_event* event, const char* name) { plog_event_key(event, name, strlen(name)); }
static void member(plog_event* event, const char* name, const char* value) {
  key(event, name);
  text(event, value);
}

static void count_events(plog_client* client, const char* prefix, int count) {
  int i;
  for (i = 0; i < count; ++i) {
    char name[100];
    plog_event* event = NULL;
    check(plog_event_begin(client, &event, &error));
    snprintf(name, sizeof name, "%s-%d", prefix, i);
    member(event, "action_type", "CUSTOM");
    member(event, "action_name", name);
    key(event, "action_input");
    plog_event_begin_object(event);
    key(event, "i");
    plog_event_integer(event, i);
    plog_event_end_object(event);
    check(plog_event_commit(event, NULL, &error));
  }
}

static void action_input(plog_event* event) {
  static const char special[] = "é😀\0\"\\/<&>\u2028\x7f\n";
  const double numbers[] = {0.1, 1e21, 1e-7, -0.0, 5e-324, NAN, -INFINITY};
  size_t i;
  plog_event_begin_object(event);
  key(event, "text");
  plog_event_string(event, special, sizeof special - 1);
  member(event, "mail", "ada@example.com");
  key(event, "integers");
  plog_event_begin_array(event);
  plog_event_integer(event, 0);
  plog_event_integer(event, -7);
  plog_event_integer(event, 9007199254740992);
  plog_event_integer(event, 9007199254740993);
  plog_event_end_array(event);
  key(event, "numbers");
  plog_event_begin_array(event);
  for (i = 0; i < sizeof numbers / sizeof *numbers; ++i) plog_event_double(event, numbers[i]);
  plog_event_end_array(event);
  key(event, "truth");
  plog_event_begin_array(event);
  plog_event_bool(event, 1);
  plog_event_bool(event, 0);
  plog_event_null(event);
  plog_event_end_array(event);
  member(event, "bytes", "AP8=");
  key(event, "empty");
  plog_event_json(event, "[{},[],\"\"]", 10);
  key(event, "\uFB33");
  plog_event_integer(event, 1);
  key(event, "😀");
  plog_event_integer(event, 2);
  plog_event_end_object(event);
}

static void one_event(plog_client* client) {
  plog_event* event = NULL;
  check(plog_event_begin(client, &event, &error));
  member(event, "id", "0190163d-8694-739b-aea5-966c26f8ad91");
  member(event, "timestamp", "2026-02-17T10:20:30.123Z");
  member(event, "session_id", "séance");
  member(event, "source", "test");
  member(event, "capture_method", "test");
  member(event, "action_type", "TOOL_CALL");
  member(event, "action_name", "every kind of value");
  key(event, "action_input");
  action_input(event);
  member(event, "action_output", "x");
  key(event, "duration_ms");
  plog_event_integer(event, 1500);
  key(event, "labels");
  plog_event_begin_object(event);
  member(event, "env", "dev");
  member(event, "ключ", "значение");
  plog_event_end_object(event);
  key(event, "metadata");
  plog_event_json(event, "{\"nested\":{\"deep\":[[1]]}}", 25);
  key(event, "parents");
  plog_event_json(event, "[\"a\",\"b\"]", 9);
  check(plog_event_commit(event, NULL, &error));
}

int main(int argc, char** argv) {
  plog_client_options options;
  plog_client* client = NULL;
  if (argc < 3) return 2;
  plog_client_options_init(&options);
  options.agent_id = "polyglot";
  options.db_path = argv[2];
  check(plog_client_new(&options, &client, &error));
  if (argc == 5 && strcmp(argv[1], "count") == 0) {
    count_events(client, argv[3], atoi(argv[4]));
  } else {
    one_event(client);
  }
  check(plog_client_close(client, -1, &error));
  plog_client_destroy(client);
  return 0;
}
