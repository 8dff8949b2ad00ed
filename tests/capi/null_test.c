/* Passes NULL for each pointer of every function: it must return a status, clear its out-parameters and not crash. */
#include <string.h>

#include "check.h"

static void destroying_nothing_does_nothing(void) {
  plog_error_destroy(NULL);
  plog_buffer_destroy(NULL);
  plog_client_destroy(NULL);
  plog_cursor_destroy(NULL);
  plog_redactor_destroy(NULL);
  plog_event_cancel(NULL);
}

static void accessors_of_nothing_give_nothing(void) {
  CHECK(plog_error_status(NULL) == PLOG_OK);
  CHECK_TEXT("", plog_error_message(NULL));
  CHECK_TEXT("", plog_buffer_data(NULL));
  CHECK(plog_buffer_size(NULL) == 0);
  CHECK_TEXT("", plog_client_db_path(NULL));
  CHECK(plog_client_durability(NULL) == PLOG_DURABILITY_DEFAULT);
  CHECK(plog_client_on_full(NULL) == PLOG_ON_FULL_DEFAULT);
  CHECK(plog_cursor_position(NULL) == -1);
  CHECK(plog_event_depth(NULL) == 0);
  plog_client_options_init(NULL);
  plog_verify_options_init(NULL);
}

static void calls_without_a_handle_are_refused(void) {
  plog_buffer* buffer = POISON(plog_buffer);
  plog_cursor* cursor = POISON(plog_cursor);
  plog_event* event = POISON(plog_event);
  plog_error* taken = POISON(plog_error);
  const char* json = POISON(const char);
  size_t size = 7;
  uint64_t count = 7;
  char id[37] = "old";
  plog_client_stats_t stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;

  CHECK_CALL(PLOG_E_INVALID, plog_client_flush(NULL, 0, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_close(NULL, 0, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_log_event(NULL, "{}", 2, id, &err));
  CHECK_TEXT("", id);
  CHECK_CALL(PLOG_E_INVALID, plog_client_set_context(NULL, "k", 1, "v", 1, "{}", 2, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_get_context(NULL, "k", 1, "v", 1, &buffer, &err));
  CHECK(buffer == NULL);
  CHECK_CALL(PLOG_E_INVALID, plog_client_stats(NULL, &stats, &taken, &err));
  CHECK(taken == NULL);
  taken = POISON(plog_error);
  CHECK_CALL(PLOG_E_INVALID, plog_client_next_error(NULL, 0, &taken, &err));
  CHECK(taken == NULL);
  CHECK_CALL(PLOG_E_INVALID, plog_event_begin(NULL, &event, &err));
  CHECK(event == NULL);
  strcpy(id, "old");
  CHECK_CALL(PLOG_E_INVALID, plog_event_commit(NULL, id, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_event_commit_with(NULL, PLOG_ON_FULL_DEFAULT, id, &err));
  CHECK_TEXT("", id);
  buffer = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_INVALID, plog_client_get_event(NULL, "x", 1, NULL, 0, &buffer, &err));
  CHECK(buffer == NULL);
  CHECK_CALL(PLOG_E_INVALID, plog_client_query(NULL, "{}", 2, &cursor, &err));
  CHECK(cursor == NULL);
  CHECK_CALL(PLOG_E_INVALID, plog_cursor_next(NULL, &json, &size, &err));
  CHECK(json == NULL && size == 0);
  buffer = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_INVALID, plog_call(NULL, "query", "{}", 2, NULL, NULL, &buffer, &err));
  CHECK(buffer == NULL);
  buffer = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_INVALID, plog_call(NULL, NULL, "{}", 2, NULL, NULL, &buffer, &err));
  CHECK(buffer == NULL);
  buffer = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_INVALID, plog_redactor_redact(NULL, "x", 1, &buffer, &count, &err));
  CHECK(buffer == NULL && count == 0);
  buffer = POISON(plog_buffer);
  count = 7;
  CHECK_CALL(PLOG_E_INVALID, plog_redactor_redact_json(NULL, "1", 1, &buffer, &count, &err));
  CHECK(buffer == NULL && count == 0);
}

static void calls_without_a_place_for_their_result_are_refused(void) {
  plog_client* client = open_client();
  plog_redactor* redactor = NULL;
  plog_cursor* cursor = NULL;
  const char* json = POISON(const char);
  size_t size = 7;
  CHECK_OK(plog_redactor_new(NULL, 0, &redactor, &err));
  CHECK_OK(plog_client_query(client, NULL, 0, &cursor, &err));

  CHECK_CALL(PLOG_E_INVALID, plog_client_new(NULL, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_get_context(client, "k", 1, "v", 1, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_stats(client, NULL, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_next_error(client, 0, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_event_begin(client, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_get_event(client, "x", 1, NULL, 0, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_query(client, "{}", 2, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_cursor_next(cursor, NULL, &size, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_cursor_next(cursor, &json, NULL, &err));
  CHECK(json == NULL);
  CHECK_CALL(PLOG_E_INVALID, plog_verify(client, NULL, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_call(client, "query", "{}", 2, NULL, NULL, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_redactor_new(NULL, 0, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_redactor_new_configured(NULL, 0, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_redactor_redact(redactor, "x", 1, NULL, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_redactor_redact_json(redactor, "1", 1, NULL, NULL, &err));

  plog_cursor_destroy(cursor);
  plog_redactor_destroy(redactor);
  plog_client_destroy(client);
}

static void missing_text_with_a_length_is_refused(void) {
  plog_client* client = open_client();
  plog_redactor* redactor = NULL;
  plog_buffer* buffer = POISON(plog_buffer);
  plog_cursor* cursor = POISON(plog_cursor);
  CHECK_OK(plog_redactor_new(NULL, 0, &redactor, &err));

  CHECK_CALL(PLOG_E_INVALID, plog_log_event(client, NULL, 5, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_set_context(client, NULL, 1, "v", 1, "{}", 2, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_set_context(client, "k", 1, NULL, 1, "{}", 2, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_set_context(client, "k", 1, "v", 1, NULL, 2, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_get_context(client, NULL, 1, "v", 1, &buffer, &err));
  CHECK(buffer == NULL);
  CHECK_CALL(PLOG_E_INVALID, plog_client_get_event(client, NULL, 3, NULL, 0, &buffer, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_client_query(client, NULL, 3, &cursor, &err));
  CHECK(cursor == NULL);
  CHECK_CALL(PLOG_E_INVALID, plog_call(client, "query", NULL, 3, NULL, NULL, &buffer, &err));
  CHECK(buffer == NULL);
  CHECK_CALL(PLOG_E_INVALID, plog_redactor_redact(redactor, NULL, 3, &buffer, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_redactor_redact_json(redactor, NULL, 3, &buffer, NULL, &err));
  CHECK_CALL(PLOG_E_INVALID, plog_log_event(client, NULL, 0, NULL, &err)); /* the empty text is not JSON */

  plog_redactor_destroy(redactor);
  plog_client_destroy(client);
}

static void an_event_writer_that_is_not_there_takes_every_call(void) {
  plog_event_key(NULL, "k", 1);
  plog_event_coerced_key(NULL, "k", 1);
  plog_event_string(NULL, "s", 1);
  plog_event_integer(NULL, 1);
  plog_event_integer_text(NULL, "1", 1);
  plog_event_double(NULL, 1);
  plog_event_bool(NULL, 1);
  plog_event_null(NULL);
  plog_event_begin_object(NULL);
  plog_event_end_object(NULL);
  plog_event_begin_array(NULL);
  plog_event_end_array(NULL);
  plog_event_json(NULL, "1", 1);
  plog_event_truncated(NULL, "cycle", 5);
  plog_event_warning(NULL, "c", 1, "d", 1);
}

const test_case null_tests[] = {
    {"destroying NULL does nothing", destroying_nothing_does_nothing},
    {"accessors of NULL return empty values", accessors_of_nothing_give_nothing},
    {"calls without a handle are rejected", calls_without_a_handle_are_refused},
    {"calls without an out-parameter are rejected", calls_without_a_place_for_their_result_are_refused},
    {"a NULL text with a length is rejected", missing_text_with_a_length_is_refused},
    {"every call accepts a NULL event writer", an_event_writer_that_is_not_there_takes_every_call},
    {NULL, NULL},
};
