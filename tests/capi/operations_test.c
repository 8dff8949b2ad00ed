/* plog_call: results and errors, progress, and the calls of a forked child. What each operation does is tested in
 * tests/core/operations_call_test.cpp. */
#define _XOPEN_SOURCE 700
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Calls an operation and checks that the result contains `part`. */
static void expect(plog_client* client, const char* name, const char* parameters, const char* part) {
  plog_buffer* result = POISON(plog_buffer);
  CHECK_OK(plog_call(client, name, parameters, strlen(parameters), NULL, NULL, &result, &err));
  CHECK(strlen(plog_buffer_data(result)) == plog_buffer_size(result));
  CHECK_CONTAINS(plog_buffer_data(result), part);
  plog_buffer_destroy(result);
}

/* Calls an operation, which must fail with `status` and a message that contains `part`. */
static void expect_failure(plog_client* client, const char* name, const char* parameters, plog_status status,
                           const char* part) {
  plog_buffer* result = POISON(plog_buffer);
  plog_error* error = NULL;
  CHECK(plog_call(client, name, parameters, strlen(parameters), NULL, NULL, &result, &error) == status);
  CHECK(result == NULL);
  CHECK(plog_error_status(error) == status);
  CHECK_CONTAINS(plog_error_message(error), part);
  plog_error_destroy(error);
}

static void an_operation_is_called_by_its_name(void) {
  plog_client* client = open_client();
  plog_buffer* result = NULL;
  log_text(client, "{\"id\":\"one\",\"action_name\":\"n\"}");
  expect(client, "count", "{}", "{\"count\":1}");
  expect(client, "count", "", "{\"count\":1}");
  expect(client, "get", "{\"event_id\":\"one\",\"agent_id\":null}", "\"action_name\":\"n\"");
  expect(client, "query", "{\"limit\":1}", "\"next\":null}");
  expect(NULL, "redact", "{\"text\":\"jane.doe@example.com\"}", "\"text\":\"[REDACTED:email]\"");
  CHECK_OK(plog_call(client, "agents", NULL, 0, NULL, NULL, &result, NULL));
  CHECK_CONTAINS(plog_buffer_data(result), "\"agent_id\":\"tester\"");
  plog_buffer_destroy(result);
  plog_client_destroy(client);
}

static void a_wrong_call_is_refused(void) {
  plog_client* client = open_client();
  expect_failure(client, "nothing", "", PLOG_E_INVALID, "there is no operation \"nothing\"");
  expect_failure(client, "query", "{\"limit\":1001}", PLOG_E_INVALID, "query: limit: 1001 is out of range");
  expect_failure(client, "query", "[]", PLOG_E_INVALID, "query: the parameters are not a JSON object");
  expect_failure(client, "query", "{\"source\":\"\xFF\"}", PLOG_E_INVALID, "not valid UTF-8");
  expect_failure(client, "get", "{\"event_id\":\"nothing\"}", PLOG_E_NOT_FOUND, "no event");
  expect_failure(NULL, "query", "", PLOG_E_INVALID, "query: needs a client");
  plog_client_destroy(client);
}

typedef struct reports {
  int calls, stop;
  uint64_t done, total;
} reports;

static int report(void* user_data, uint64_t done, uint64_t total) {
  reports* self = (reports*)user_data;
  ++self->calls;
  self->done = done;
  self->total = total;
  return self->stop;
}

static void progress_is_reported_and_can_cancel(void) {
  plog_client* client = open_client();
  plog_buffer* result = NULL;
  reports seen;
  log_text(client, "{}");
  memset(&seen, 0, sizeof seen);
  CHECK_OK(plog_call(client, "verify", NULL, 0, report, &seen, &result, &err));
  CHECK_CONTAINS(plog_buffer_data(result), "\"valid\":true");
  plog_buffer_destroy(result);
  CHECK(seen.calls > 0 && seen.done == seen.total && seen.total >= 2);
  seen.stop = 1;
  result = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_CANCELLED, plog_call(client, "verify", NULL, 0, report, &seen, &result, &err));
  CHECK(result == NULL);
  plog_client_destroy(client);
}

static void a_forked_child_calls_operations_too(void) {
  plog_client* client = open_client();
  int status;
  pid_t child;
  log_text(client, "{\"action_name\":\"before\"}");
  expect(client, "count", "", "{\"count\":1}");
  child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    expect(client, "log", "{\"event\":{\"action_name\":\"child\"}}", "\"id\":");
    expect(client, "query", "{\"action_name\":\"child\"}", "\"action_name\":\"child\"");
    plog_client_destroy(client);
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  expect(client, "count", "{\"action_name\":\"child\"}", "{\"count\":1}");
  plog_client_destroy(client);
}

const test_case operations_tests[] = {
    {"an operation is called by its name", an_operation_is_called_by_its_name},
    {"a wrong call is refused", a_wrong_call_is_refused},
    {"progress is reported and can cancel", progress_is_reported_and_can_cancel},
    {NULL, NULL},
};

const test_case operations_fork_tests[] = {
    {"a forked child calls operations too", a_forked_child_calls_operations_too},
    {NULL, NULL},
};
