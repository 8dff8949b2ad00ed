#define _XOPEN_SOURCE 700
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { kThreads = 8, kPerThread = 500 };

typedef struct worker {
  plog_client* client;
  const plog_redactor* redactor;
  int number;
  char ids[kPerThread][37];
} worker;

static void* log_many(void* argument) {
  worker* self = (worker*)argument;
  int i;
  for (i = 0; i < kPerThread; ++i) {
    char json[120];
    if (i % 2) {
      sprintf(json, "{\"agent_id\":\"agent-%d\",\"action_name\":\"n%d\"}", self->number, i);
      CHECK_OK(plog_log_event(self->client, json, strlen(json), self->ids[i], &err));
    } else {
      plog_event* event = NULL;
      sprintf(json, "agent-%d", self->number);
      CHECK_OK(plog_event_begin(self->client, &event, &err));
      plog_event_key(event, "agent_id", 8);
      plog_event_string(event, json, strlen(json));
      plog_event_key(event, "action_input", 12);
      plog_event_string(event, "mail jane.doe@example.com", 25);
      CHECK_OK(plog_event_commit(event, self->ids[i], &err));
    }
  }
  return NULL;
}

static void* use_everything_else(void* argument) {
  worker* self = (worker*)argument;
  int i;
  for (i = 0; i < 20; ++i) {
    plog_buffer* buffer = NULL;
    plog_error* taken = NULL;
    plog_client* other = open_client();
    CHECK_OK(plog_client_flush(self->client, 30000, &err));
    (void)count_events(self->client, "{\"limit\":50}");
    (void)stats_of(self->client);
    CHECK_OK(plog_call(self->client, "query", "{\"limit\":50}", 12, NULL, NULL, &buffer, &err));
    CHECK_CONTAINS(plog_buffer_data(buffer), "\"next\":");
    plog_buffer_destroy(buffer);
    CHECK_OK(plog_client_next_error(self->client, 0, &taken, &err));
    CHECK(taken == NULL);
    CHECK_OK(plog_client_set_context(self->client, "k", 1, "v", 1, "{\"a\":1}", 7, &err));
    CHECK_OK(plog_client_get_context(self->client, "k", 1, "v", 1, &buffer, &err));
    plog_buffer_destroy(buffer);
    CHECK_OK(plog_redactor_redact(self->redactor, "jane.doe@example.com", 20, &buffer, NULL, &err));
    CHECK(strstr(plog_buffer_data(buffer), "jane") == NULL);
    plog_buffer_destroy(buffer);
    if (i % 10 == 0) {
      buffer = verify_client(self->client);
      CHECK_CONTAINS(plog_buffer_data(buffer), "\"valid\":true");
      plog_buffer_destroy(buffer);
    }
    plog_client_destroy(other);
  }
  return NULL;
}

static int compare_ids(const void* left, const void* right) { return strcmp((const char*)left, (const char*)right); }

static void threads_share_a_client_and_a_redactor(void) {
  static worker workers[kThreads];
  static char ids[kThreads * kPerThread][37];
  pthread_t threads[kThreads];
  pthread_t other;
  worker other_worker;
  plog_redactor* redactor = NULL;
  plog_client* client = open_client();
  plog_buffer* report;
  int i, j;
  CHECK_OK(plog_redactor_new(NULL, 0, &redactor, &err));
  memset(&other_worker, 0, sizeof other_worker);
  other_worker.client = client;
  other_worker.redactor = redactor;
  for (i = 0; i < kThreads; ++i) {
    workers[i].client = client;
    workers[i].number = i;
    CHECK(pthread_create(&threads[i], NULL, log_many, &workers[i]) == 0);
  }
  CHECK(pthread_create(&other, NULL, use_everything_else, &other_worker) == 0);
  for (i = 0; i < kThreads; ++i) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    for (j = 0; j < kPerThread; ++j) memcpy(ids[i * kPerThread + j], workers[i].ids[j], 37);
  }
  CHECK(pthread_join(other, NULL) == 0);

  qsort(ids, kThreads * kPerThread, sizeof ids[0], compare_ids);
  for (i = 1; i < kThreads * kPerThread; ++i) CHECK(strcmp(ids[i - 1], ids[i]) != 0);
  CHECK(count_events(client, "{}") == kThreads * kPerThread);
  CHECK(count_events(client, "{\"agent_id\":\"agent-3\"}") == kPerThread);
  report = verify_client(client);
  CHECK_CONTAINS(plog_buffer_data(report), "\"valid\":true");
  plog_buffer_destroy(report);
  plog_redactor_destroy(redactor);
  plog_client_destroy(client);
}

static void* wait_for_error(void* argument) {
  plog_error* taken = NULL;
  CHECK_CALL(PLOG_E_CLOSED, plog_client_next_error((plog_client*)argument, -1, &taken, &err));
  CHECK(taken == NULL);
  return NULL;
}

static void closing_wakes_whoever_waits_for_an_error(void) {
  plog_client* client = open_client();
  pthread_t waiter;
  CHECK(pthread_create(&waiter, NULL, wait_for_error, client) == 0);
  CHECK_OK(plog_client_close(client, 30000, &err));
  CHECK(pthread_join(waiter, NULL) == 0);
  plog_client_destroy(client);
}

static void both_sides_of_a_fork_record_into_the_ledger(void) {
  plog_client* client = open_client();
  plog_buffer* report;
  int i, status;
  pid_t child;
  log_text(client, "{\"agent_id\":\"before\"}");
  child = fork();
  CHECK(child >= 0);
  for (i = 0; i < 200; ++i) {
    log_text(client, child == 0 ? "{\"agent_id\":\"child\"}" : "{\"agent_id\":\"parent\"}");
  }
  if (child == 0) {
    CHECK(count_events(client, "{\"agent_id\":\"child\"}") == 200);
    plog_client_destroy(client);
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(count_events(client, "{\"agent_id\":\"before\"}") == 1);
  CHECK(count_events(client, "{\"agent_id\":\"parent\"}") == 200);
  CHECK(count_events(client, "{\"agent_id\":\"child\"}") == 200);
  report = verify_client(client);
  CHECK_CONTAINS(plog_buffer_data(report), "\"valid\":true");
  plog_buffer_destroy(report);
  plog_client_destroy(client);
}

static void a_child_that_just_vanishes_loses_nothing(void) {
  plog_client* client = open_client();
  int i, status;
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    for (i = 0; i < 50; ++i) log_text(client, "{\"agent_id\":\"child\"}");
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(count_events(client, "{\"agent_id\":\"child\"}") == 50);
  plog_client_destroy(client);
}

const test_case concurrency_tests[] = {
    {"threads share a client and a redactor", threads_share_a_client_and_a_redactor},
    {"closing wakes a thread that waits for an error", closing_wakes_whoever_waits_for_an_error},
    {NULL, NULL},
};

const test_case fork_tests[] = {
    {"parent and child of a fork record into the same ledger", both_sides_of_a_fork_record_into_the_ledger},
    {"a child that exits without closing loses no event", a_child_that_just_vanishes_loses_nothing},
    {NULL, NULL},
};
