/* Records a small session from C, reads it back and verifies the ledger.
 *
 *   cc examples/record.c -o record $(pkg-config --cflags --libs provenlog)
 *   ./record /tmp/record/events.db
 */
#include <inttypes.h>
#include <provenlog/plog.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints the error of a failed call and ends the program. */
static void check(plog_status status, plog_error** error) {
  if (status == PLOG_OK) {
    return;
  }
  fprintf(stderr, "record: %s: %s\n", plog_status_name(status), plog_error_message(*error));
  plog_error_destroy(*error);
  exit(1);
}

static void key_text(plog_event* event, const char* key, const char* text) {
  plog_event_key(event, key, strlen(key));
  plog_event_string(event, text, strlen(text));
}

/* The simplest way to record an event: as JSON text. */
static void log_call(plog_client* client, char id[37]) {
  plog_error* error = NULL;
  const char* event =
      "{\"action_type\":\"TOOL_CALL\",\"action_name\":\"search\",\"action_input\":{\"query\":\"bob@example.com\"}}";
  check(plog_log_event(client, event, strlen(event), id, &error), &error);
}

/* Records an event value by value, without JSON text. The core sorts, escapes and redacts. */
static void log_result(plog_client* client, const char* parent) {
  plog_error* error = NULL;
  plog_event* event = NULL;
  check(plog_event_begin(client, &event, &error), &error);
  key_text(event, "action_type", "TOOL_RESULT");
  key_text(event, "action_name", "search");
  key_text(event, "action_status", "success");
  key_text(event, "parent_event_id", parent);
  plog_event_key(event, "duration_ms", strlen("duration_ms"));
  plog_event_integer(event, 12);
  plog_event_key(event, "action_output", strlen("action_output"));
  plog_event_begin_object(event);
  plog_event_key(event, "hits", strlen("hits"));
  plog_event_begin_array(event);
  plog_event_integer(event, 3);
  plog_event_integer(event, 14);
  plog_event_end_array(event);
  plog_event_end_object(event);
  check(plog_event_commit(event, NULL, &error), &error);
}

/* Prints the events with the label team=search, one JSON object per line. */
static void print_events(plog_client* client) {
  plog_error* error = NULL;
  plog_cursor* cursor = NULL;
  const char* filter = "{\"labels\":{\"team\":\"search\"},\"order\":\"asc\"}";
  const char* json = NULL;
  size_t size = 0;
  check(plog_client_query(client, filter, strlen(filter), &cursor, &error), &error);
  for (;;) {
    check(plog_cursor_next(cursor, &json, &size, &error), &error);
    if (json == NULL) {
      break;
    }
    printf("%.*s\n", (int)size, json);
  }
  plog_cursor_destroy(cursor);
}

int main(int argc, char** argv) {
  plog_error* error = NULL;
  plog_client* client = NULL;
  plog_client_options options;
  plog_client_options_init(&options);
  options.db_path = argc > 1 ? argv[1] : NULL; /* NULL: ~/.provenlog/events.db */
  options.agent_id = "example-c";
  options.session_id = "first";
  options.labels_json = "{\"team\":\"search\"}";
  check(plog_client_new(&options, &client, &error), &error);

  const char* context = "{\"owner\":\"the search team\"}";
  check(plog_client_set_context(client, "team", strlen("team"), NULL, 0, context, strlen(context), &error), &error);

  char id[37];
  log_call(client, id);
  log_result(client, id);
  print_events(client);

  plog_client_stats_t stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  check(plog_client_stats(client, &stats, NULL, &error), &error);
  printf("accepted %" PRIu64 " events, redacted %" PRIu64 " values\n", stats.accepted, stats.redactions);

  plog_verify_options verify;
  plog_buffer* report = NULL;
  plog_verify_options_init(&verify);
  check(plog_verify(client, &verify, &report, &error), &error);
  int valid = strstr(plog_buffer_data(report), "\"valid\":true") != NULL;
  printf("%s\n", plog_buffer_data(report));
  printf("verdict: %s\n", valid ? "OK" : "NOT VALID");
  plog_buffer_destroy(report);

  check(plog_client_close(client, 5000, &error), &error);
  plog_client_destroy(client);
  return valid ? 0 : 1;
}
