#include <stdio.h>
#include <string.h>

#include "check.h"

typedef struct progress_log {
  uint64_t calls, last, total;
  uint64_t stop_after; /* 0: never */
} progress_log;

static int on_progress(void* user_data, uint64_t done, uint64_t total) {
  progress_log* log = (progress_log*)user_data;
  CHECK(done >= log->last && done <= total);
  log->last = done;
  log->total = total;
  ++log->calls;
  return log->stop_after != 0 && log->calls >= log->stop_after;
}

static plog_client* fill(int count) {
  plog_client* client = open_client();
  int i;
  for (i = 0; i < count; ++i) log_text(client, i % 4 ? "{\"agent_id\":\"a\"}" : "{\"agent_id\":\"b\"}");
  return client;
}

static plog_buffer* verify(plog_client* client, const plog_verify_options* options) {
  plog_buffer* report = NULL;
  CHECK_OK(plog_verify(client, options, &report, &err));
  CHECK(report != NULL);
  CHECK(plog_buffer_data(report)[0] == '{');
  return report;
}

static void a_ledger_verifies_through_its_client_and_by_its_path(void) {
  plog_client* client = fill(20);
  plog_verify_options options;
  plog_buffer* report = verify(client, NULL);
  CHECK_CONTAINS(plog_buffer_data(report), "\"valid\":true");
  plog_buffer_destroy(report);
  plog_client_destroy(client);

  plog_verify_options_init(&options);
  options.db_path = "test.db";
  report = verify(NULL, &options);
  CHECK_CONTAINS(plog_buffer_data(report), "\"valid\":true");
  CHECK_CONTAINS(plog_buffer_data(report), "\"findings\":[]");
  CHECK_CONTAINS(plog_buffer_data(report), "\"verdict\":\"OK");
  CHECK_CONTAINS(plog_buffer_data(report), "\"events\":21"); /* including ledger.created */
  CHECK_CONTAINS(plog_buffer_data(report), "\"agents\":3");
  plog_buffer_destroy(report);

  options.read_only = 1;
  report = verify(NULL, &options);
  CHECK_CONTAINS(plog_buffer_data(report), "\"valid\":true");
  plog_buffer_destroy(report);
}

static void one_agent_is_verified_and_an_unknown_one_is_never_valid(void) {
  plog_client* client = fill(20);
  plog_verify_options options;
  plog_buffer* report;
  plog_verify_options_init(&options);
  options.agent_id = "b";
  report = verify(client, &options);
  CHECK_CONTAINS(plog_buffer_data(report), "\"valid\":true");
  CHECK_CONTAINS(plog_buffer_data(report), "\"events\":5");
  plog_buffer_destroy(report);
  options.agent_id = "nobody";
  report = verify(client, &options);
  CHECK_CONTAINS(plog_buffer_data(report), "\"valid\":false");
  plog_buffer_destroy(report);
  plog_client_destroy(client);
}

static void a_verification_that_cannot_run_is_a_report(void) {
  plog_verify_options options;
  plog_buffer* report;
  FILE* file = fopen("other.txt", "w");
  CHECK(file != NULL);
  fputs("no ledger at all", file);
  CHECK(fclose(file) == 0);
  plog_verify_options_init(&options);
  options.db_path = "other.txt";
  report = verify(NULL, &options);
  CHECK_CONTAINS(plog_buffer_data(report), "\"verdict\":\"CANNOT_RUN\"");
  CHECK_CONTAINS(plog_buffer_data(report), "\"valid\":false");
  CHECK_CONTAINS(plog_buffer_data(report), "\"events\":0");
  plog_buffer_destroy(report);
  options.db_path = "nowhere.db";
  report = verify(NULL, &options);
  CHECK_CONTAINS(plog_buffer_data(report), "\"verdict\":\"MISSING_LOG\"");
  CHECK_CONTAINS(plog_buffer_data(report), "\"valid\":false");
  plog_buffer_destroy(report);
  CHECK(fopen("nowhere.db", "r") == NULL);
}

static void progress_is_told_and_can_stop_the_work(void) {
  plog_client* client = fill(5000);
  plog_verify_options options;
  progress_log log = {0, 0, 0, 0};
  plog_buffer* report;
  plog_verify_options_init(&options);
  options.progress = on_progress;
  options.user_data = &log;
  report = verify(client, &options);
  plog_buffer_destroy(report);
  CHECK(log.calls > 1);
  CHECK(log.last == 5001);
  CHECK(log.total == 5001);

  memset(&log, 0, sizeof log);
  log.stop_after = 1;
  report = POISON(plog_buffer);
  CHECK_CALL(PLOG_E_CANCELLED, plog_verify(client, &options, &report, &err));
  CHECK(report == NULL);
  CHECK(log.calls == 1);
  log_text(client, "{}");
  CHECK(count_events(client, "{}") == 5001);
  plog_client_destroy(client);
}

static void levels_heads_and_keys_are_taken_and_misuse_is_refused(void) {
  static const char* const heads[] = {"kept.head"};
  static const char* const none[] = {NULL};
  char text[4096];
  size_t size;
  FILE* file;
  plog_verify_options options;
  plog_buffer* report = POISON(plog_buffer);
  plog_client_destroy(fill(20));
  file = fopen("test.db.head", "r");
  CHECK(file != NULL);
  size = fread(text, 1, sizeof text, file);
  CHECK(fclose(file) == 0);
  file = fopen("kept.head", "w");
  CHECK(file != NULL && fwrite(text, 1, size, file) == size && fclose(file) == 0);
  plog_client_destroy(fill(4));

  plog_verify_options_init(&options);
  options.db_path = "test.db";
  options.level = "tree";
  options.heads = heads;
  options.head_count = 1;
  options.threads = 3;
  report = verify(NULL, &options);
  CHECK_CONTAINS(plog_buffer_data(report), "\"verdict\":\"OK\"");
  CHECK_CONTAINS(plog_buffer_data(report), "\"level\":\"tree\"");
  CHECK_CONTAINS(plog_buffer_data(report), "\"assurance\":\"pinned\"");
  CHECK_CONTAINS(plog_buffer_data(report), "\"assurance_events\":21");
  plog_buffer_destroy(report);
  options.incremental = 1;
  report = verify(NULL, &options);
  CHECK_CONTAINS(plog_buffer_data(report), "\"events\":4");
  CHECK_CONTAINS(plog_buffer_data(report), "\"verified_from\":21");
  plog_buffer_destroy(report);

  report = POISON(plog_buffer);
  options.level = "all";
  CHECK_CALL(PLOG_E_INVALID, plog_verify(NULL, &options, &report, &err));
  CHECK(report == NULL);
  options.level = NULL;
  options.heads = none;
  CHECK_CALL(PLOG_E_INVALID, plog_verify(NULL, &options, &report, &err));
  options.heads = NULL;
  CHECK_CALL(PLOG_E_INVALID, plog_verify(NULL, &options, &report, &err));
  options.head_count = 0;
  CHECK_CALL(PLOG_E_INVALID, plog_verify(NULL, &options, &report, &err));
  options.incremental = 0;
  options.key = "no key";
  CHECK_CALL(PLOG_E_INVALID, plog_verify(NULL, &options, &report, &err));
  options.key = NULL;
  options.threads = 65;
  CHECK_CALL(PLOG_E_INVALID, plog_verify(NULL, &options, &report, &err));
  options.threads = 0;
  options.reserved = 1;
  CHECK_CALL(PLOG_E_UNSUPPORTED, plog_verify(NULL, &options, &report, &err));
}

const test_case verify_tests[] = {
    {"a ledger verifies through its client and by its path", a_ledger_verifies_through_its_client_and_by_its_path},
    {"one agent is verified, and an unknown one is never valid",
     one_agent_is_verified_and_an_unknown_one_is_never_valid},
    {"a verification that cannot run is a report", a_verification_that_cannot_run_is_a_report},
    {"progress is reported and can stop the work", progress_is_told_and_can_stop_the_work},
    {"levels, heads and keys are accepted, and misuse is rejected",
     levels_heads_and_keys_are_taken_and_misuse_is_refused},
    {NULL, NULL},
};
