#define _XOPEN_SOURCE 700
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

void fail_at(const char* file, int line, const char* what) {
  fprintf(stderr, "%s:%d: expected: %s\n", file, line, what);
  fflush(stderr);
  _exit(1);
}

void fail_status(const char* file, int line, const char* call, plog_status expected, plog_status actual,
                 plog_error* error) {
  fprintf(stderr, "%s:%d: %s\n  expected %s, got %s; the error says %s: %s\n", file, line, call,
          plog_status_name(expected), plog_status_name(actual), plog_status_name(plog_error_status(error)),
          plog_error_message(error));
  fflush(stderr);
  _exit(1);
}

void check_text(const char* file, int line, const char* expected, const char* actual) {
  if (actual != NULL && strcmp(expected, actual) == 0) return;
  fprintf(stderr, "%s:%d: expected '%s', got '%s'\n", file, line, expected, actual ? actual : "(NULL)");
  _exit(1);
}

void check_contains(const char* file, int line, const char* text, const char* part) {
  if (text != NULL && strstr(text, part) != NULL) return;
  fprintf(stderr, "%s:%d: expected '%s' in: %s\n", file, line, part, text ? text : "(NULL)");
  _exit(1);
}

plog_client* open_client_at(const char* path) {
  plog_client_options options;
  plog_client* client = NULL;
  plog_client_options_init(&options);
  options.db_path = path;
  options.agent_id = "tester";
  CHECK_OK(plog_client_new(&options, &client, &err));
  CHECK(client != NULL);
  return client;
}

plog_client* open_client(void) { return open_client_at("test.db"); }

void log_text(plog_client* client, const char* json) {
  CHECK_OK(plog_log_event(client, json, strlen(json), NULL, &err));
}

void flush_client(plog_client* client) { CHECK_OK(plog_client_flush(client, 30000, &err)); }

size_t count_events(plog_client* client, const char* filter) {
  plog_cursor* cursor = NULL;
  const char* json = NULL;
  size_t size = 0;
  size_t count = 0;
  CHECK_OK(plog_client_query(client, filter, strlen(filter), &cursor, &err));
  for (;;) {
    CHECK_OK(plog_cursor_next(cursor, &json, &size, &err));
    if (json == NULL) break;
    ++count;
  }
  plog_cursor_destroy(cursor);
  return count;
}

plog_buffer* get_event(plog_client* client, const char* id) {
  plog_buffer* event = NULL;
  CHECK_OK(plog_client_get_event(client, id, strlen(id), NULL, 0, &event, &err));
  CHECK(event != NULL);
  CHECK(strlen(plog_buffer_data(event)) == plog_buffer_size(event));
  return event;
}

plog_client_stats_t stats_of(plog_client* client) {
  plog_client_stats_t stats;
  memset(&stats, 0, sizeof stats);
  stats.struct_size = sizeof stats;
  CHECK_OK(plog_client_stats(client, &stats, NULL, &err));
  return stats;
}

plog_buffer* verify_client(plog_client* client) {
  plog_buffer* report = NULL;
  CHECK_OK(plog_verify(client, NULL, &report, &err));
  CHECK(report != NULL);
  return report;
}

static int remove_entry(const char* path, const struct stat* status, int type, struct FTW* walk) {
  (void)status;
  (void)type;
  (void)walk;
  return remove(path);
}

static void run_test(const char* group, const test_case* test) {
  char directory[] = "/tmp/plog-capi-XXXXXX";
  printf("%s: %s\n", group, test->name);
  fflush(stdout);
  if (mkdtemp(directory) == NULL || chdir(directory) != 0 || setenv("HOME", directory, 1) != 0) {
    perror("test directory");
    exit(2);
  }
  unsetenv("PROVENLOG_CONFIG");
  unsetenv("PROVENLOG_DB_PATH");
  unsetenv("PROVENLOG_SERVER_URL");
  test->run();
  if (chdir("/") != 0 || nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0) {
    perror(directory);
    exit(2);
  }
}

int main(int argc, char** argv) {
  static const struct {
    const char* name;
    const test_case* tests;
  } groups[] = {
      {"basics", basics_tests},
      {"client", client_tests},
      {"concurrency", concurrency_tests},
      {"event", event_tests},
      {"fork", fork_tests},
      {"null", null_tests},
      {"operations", operations_tests},
      {"operations_fork", operations_fork_tests},
      {"query", query_tests},
      {"redactor", redactor_tests},
      {"struct_size", struct_size_tests},
      {"verify", verify_tests},
  };
  int ran = 0;
  size_t i;
  const test_case* test;
  for (i = 0; i < sizeof groups / sizeof groups[0]; ++i) {
    if (argc > 1 && strcmp(argv[1], groups[i].name) != 0) continue;
    for (test = groups[i].tests; test->name != NULL; ++test, ++ran) run_test(groups[i].name, test);
  }
  printf("%d tests passed\n", ran);
  return ran > 0 ? 0 : 2;
}
