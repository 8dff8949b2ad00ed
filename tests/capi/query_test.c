#include <stdio.h>
#include <string.h>

#include "check.h"

static plog_cursor* query(plog_client* client, const char* filter) {
  plog_cursor* cursor = NULL;
  CHECK_OK(plog_client_query(client, filter, strlen(filter), &cursor, &err));
  CHECK(cursor != NULL);
  return cursor;
}

/* The next event, or NULL at the end. */
static const char* next(plog_cursor* cursor) {
  const char* json = POISON(const char);
  size_t size = 7;
  CHECK_OK(plog_cursor_next(cursor, &json, &size, &err));
  CHECK(json == NULL ? size == 0 : strlen(json) >= size);
  return json;
}

/* Records events 0 to count - 1: agent "even" or "odd", action "n<i>", label third="yes" on every third event. */
static void fill(plog_client* client, int count) {
  char json[300];
  int i;
  for (i = 0; i < count; ++i) {
    sprintf(json,
            "{\"agent_id\":\"%s\",\"id\":\"event-%d\",\"action_name\":\"n%d\",\"action_type\":\"TOOL_CALL\","
            "\"session_id\":\"s%d\",\"timestamp\":\"2026-02-17T00:00:%02d.5Z\",\"labels\":{\"env\":\"t\",\"third\":\"%"
            "s\"}}",
            i % 2 ? "odd" : "even", i, i, i / 10, i % 60, i % 3 ? "no" : "yes");
    log_text(client, json);
  }
}

static void a_cursor_gives_every_event_in_order_over_many_pages(void) {
  plog_client* client = open_client();
  plog_cursor* cursor;
  int i;
  char name[40];
  const char* json;
  int64_t position = -1;
  fill(client, 3000);
  cursor = query(client, "{}");
  CHECK(plog_cursor_position(cursor) == -1);
  for (i = 0; (json = next(cursor)) != NULL; ++i) {
    sprintf(name, "\"action_name\":\"n%d\"", i);
    CHECK_CONTAINS(json, name);
    CHECK(plog_cursor_position(cursor) > position);
    position = plog_cursor_position(cursor);
  }
  CHECK(i == 3000);
  CHECK(next(cursor) == NULL);
  plog_cursor_destroy(cursor);
  plog_client_destroy(client);
}

static void a_query_goes_on_where_an_earlier_one_stopped(void) {
  static const char* const orders[] = {"asc", "desc"};
  plog_client* client = open_client();
  size_t o;
  fill(client, 50);
  for (o = 0; o < 2; ++o) {
    char filter[120];
    char name[40];
    int seen = 0;
    int64_t position = -1;
    for (;;) {
      const char* json;
      int before = seen;
      plog_cursor* cursor;
      if (position < 0) {
        sprintf(filter, "{\"order\":\"%s\",\"limit\":7}", orders[o]);
      } else {
        sprintf(filter, "{\"order\":\"%s\",\"limit\":7,\"after\":%ld}", orders[o], (long)position);
      }
      cursor = query(client, filter);
      while ((json = next(cursor)) != NULL) {
        sprintf(name, "\"action_name\":\"n%d\"", o == 0 ? seen : 49 - seen);
        CHECK_CONTAINS(json, name);
        ++seen;
        position = plog_cursor_position(cursor);
      }
      plog_cursor_destroy(cursor);
      if (seen == before) break;
      CHECK(seen - before <= 7);
    }
    CHECK(seen == 50);
  }
  plog_client_destroy(client);
}

static void conditions_of_a_filter_must_all_hold(void) {
  plog_client* client = open_client();
  fill(client, 60);
  CHECK(count_events(client, "") == 60);
  CHECK(count_events(client, "{\"agent_id\":\"odd\"}") == 30);
  CHECK(count_events(client, "{\"agent_id\":\"odd\",\"labels\":{\"third\":\"yes\"}}") == 10);
  CHECK(count_events(client, "{\"labels\":{\"third\":\"yes\",\"env\":\"t\"}}") == 20);
  CHECK(count_events(client, "{\"labels\":{\"third\":\"yes\",\"env\":\"x\"}}") == 0);
  CHECK(count_events(client, "{\"session_id\":\"s3\"}") == 10);
  CHECK(count_events(client, "{\"action_name\":\"n7\"}") == 1);
  CHECK(count_events(client, "{\"action_type\":\"TOOL_CALL\"}") == 60);
  CHECK(count_events(client, "{\"action_type\":\"LLM_CALL\"}") == 0);
  CHECK(count_events(client, "{\"since\":\"2026-02-17T00:00:10.5Z\",\"until\":\"2026-02-17T00:00:20.5Z\"}") == 10);
  CHECK(count_events(client, "{\"limit\":0}") == 0);
  CHECK(count_events(client, "{\"limit\":5,\"offset\":57}") == 3);
  CHECK(count_events(client, "{\"include_system\":true}") > 60);
  CHECK(count_events(client, "{\"agent_id\":\"nobody\"}") == 0);
  plog_client_destroy(client);
}

static void a_filter_that_is_not_understood_is_refused(void) {
  static const char* const filters[] = {
      "[]",
      "{",
      "{\"agent\":\"x\"}",
      "{\"agent_id\":3}",
      "{\"limit\":-1}",
      "{\"limit\":1.5}",
      "{\"limit\":\"3\"}",
      "{\"order\":\"up\"}",
      "{\"since\":\"yesterday\"}",
      "{\"labels\":{\"a\":1}}",
      "{\"labels\":[]}",
      "{\"include_system\":1}",
      "{\"after\":-2}",
  };
  plog_client* client = open_client();
  size_t i;
  for (i = 0; i < sizeof filters / sizeof filters[0]; ++i) {
    plog_cursor* cursor = POISON(plog_cursor);
    CHECK_CALL(PLOG_E_INVALID, plog_client_query(client, filters[i], strlen(filters[i]), &cursor, &err));
    CHECK(cursor == NULL);
  }
  plog_client_destroy(client);
}

static void one_event_is_found_by_any_text_that_was_its_id(void) {
  plog_client* client = open_client();
  plog_buffer* event = NULL;
  fill(client, 4);
  event = get_event(client, "event-2");
  CHECK_CONTAINS(plog_buffer_data(event), "\"action_name\":\"n2\"");
  plog_buffer_destroy(event);
  CHECK_OK(plog_client_get_event(client, "event-2", 7, "even", 4, &event, &err));
  plog_buffer_destroy(event);
  event = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_NOT_FOUND, plog_client_get_event(client, "event-2", 7, "odd", 3, &event, &err));
  CHECK(event == NULL);
  event = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_NOT_FOUND, plog_client_get_event(client, "nothing", 7, NULL, 0, &event, &err));
  CHECK(event == NULL);
  plog_client_destroy(client);
}

static void a_cursor_survives_events_that_are_recorded_meanwhile(void) {
  plog_client* client = open_client();
  plog_cursor* cursor;
  int i;
  int seen = 0;
  fill(client, 600);
  cursor = query(client, "{\"order\":\"desc\"}");
  for (i = 0; i < 100; ++i) {
    CHECK(next(cursor) != NULL);
    ++seen;
  }
  log_text(client, "{\"action_name\":\"late\"}");
  flush_client(client);
  while (next(cursor) != NULL) ++seen;
  CHECK(seen == 600);
  plog_cursor_destroy(cursor);
  plog_client_destroy(client);
}

const test_case query_tests[] = {
    {"a cursor returns every event in order, over many pages", a_cursor_gives_every_event_in_order_over_many_pages},
    {"a query continues where an earlier one stopped", a_query_goes_on_where_an_earlier_one_stopped},
    {"an event must match every condition of a filter", conditions_of_a_filter_must_all_hold},
    {"an invalid filter is rejected", a_filter_that_is_not_understood_is_refused},
    {"one event is found by any text that was its id", one_event_is_found_by_any_text_that_was_its_id},
    {"a cursor keeps working while events are recorded", a_cursor_survives_events_that_are_recorded_meanwhile},
    {NULL, NULL},
};
