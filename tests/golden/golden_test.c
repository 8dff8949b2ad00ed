/* Tests the golden file with the C API alone: an event that a client stores and returns has the expected bytes and
 * hash. Usage: golden EVENTS.TXT DIRECTORY */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provenlog/plog.h"

enum { MAX_LINE = 1 << 20 };

static int failures = 0;

static void fail(const char* name, const char* what) {
  fprintf(stderr, "%s: %s\n", name, what);
  ++failures;
}

struct golden_case {
  char *name, *input, *labels, *metadata, *max_event_bytes, *canonical, *hash;
};

static void set(char** field, const char* value) {
  free(*field);
  *field = malloc(strlen(value) + 1);
  if (*field == NULL) exit(2);
  strcpy(*field, value);
}

static void check(const struct golden_case* expected, const char* directory, int number) {
  plog_client_options options;
  plog_client* client = NULL;
  plog_error* err = NULL;
  plog_buffer* event = NULL;
  char path[4096], id[37], tail[256];
  size_t size;

  snprintf(path, sizeof path, "%s/golden-%d.db", directory, number);
  plog_client_options_init(&options);
  options.db_path = path;
  options.labels_json = expected->labels;
  options.metadata_json = expected->metadata;
  options.no_salt = 1;
  if (expected->max_event_bytes != NULL) options.max_event_bytes = (uint64_t)atol(expected->max_event_bytes);
  if (plog_client_new(&options, &client, &err) != PLOG_OK ||
      plog_log_event(client, expected->input, strlen(expected->input), id, &err) != PLOG_OK ||
      plog_client_get_event(client, id, strlen(id), NULL, 0, &event, &err) != PLOG_OK) {
    fail(expected->name, plog_error_message(err));
    plog_error_destroy(err);
    plog_client_destroy(client);
    return;
  }
  /* Expect the canonical bytes without their closing brace, followed by the ledger's fields. */
  size = strlen(expected->canonical) - 1;
  if (plog_buffer_size(event) < size || memcmp(plog_buffer_data(event), expected->canonical, size) != 0) {
    fail(expected->name, "the stored bytes differ");
    fprintf(stderr, "  expected %s\n  stored   %s\n", expected->canonical, plog_buffer_data(event));
  } else {
    snprintf(tail, sizeof tail, "\"hash\":\"%s\"", expected->hash);
    if (strstr(plog_buffer_data(event) + size, tail) == NULL) fail(expected->name, "the hash differs");
    if (strstr(plog_buffer_data(event) + size, "\"sequence\":1") == NULL) fail(expected->name, "the sequence differs");
  }
  plog_buffer_destroy(event);
  plog_client_destroy(client);
}

int main(int argc, char** argv) {
  struct golden_case current;
  char* line;
  FILE* file;
  int number = 0;

  if (argc != 3) {
    fprintf(stderr, "usage: golden EVENTS.TXT DIRECTORY\n");
    return 2;
  }
  memset(&current, 0, sizeof current);
  line = malloc(MAX_LINE);
  file = fopen(argv[1], "rb");
  if (file == NULL || line == NULL) {
    perror(argv[1]);
    return 2;
  }
  for (;;) {
    const char* got = fgets(line, MAX_LINE, file);
    char* value;
    if (got != NULL) line[strcspn(line, "\n")] = '\0';
    if (got == NULL || line[0] == '\0') {
      if (current.canonical != NULL) check(&current, argv[2], ++number);
      free(current.labels);
      free(current.metadata);
      free(current.max_event_bytes);
      free(current.canonical);
      current.labels = current.metadata = current.max_event_bytes = current.canonical = NULL;
      if (got == NULL) break;
      continue;
    }
    value = strstr(line, ": ");
    if (value == NULL) continue;
    *value = '\0';
    value += 2;
    if (strcmp(line, "name") == 0) set(&current.name, value);
    if (strcmp(line, "input") == 0) set(&current.input, value);
    if (strcmp(line, "labels") == 0) set(&current.labels, value);
    if (strcmp(line, "metadata") == 0) set(&current.metadata, value);
    if (strcmp(line, "max_event_bytes") == 0) set(&current.max_event_bytes, value);
    if (strcmp(line, "canonical") == 0) set(&current.canonical, value);
    if (strcmp(line, "hash") == 0) set(&current.hash, value);
  }
  fclose(file);
  free(line);
  free(current.name);
  free(current.input);
  free(current.hash);
  if (number < 30) fail("events.txt", "fewer than 30 cases were read");
  printf("%d golden cases, %d failures\n", number, failures);
  return failures == 0 ? 0 : 1;
}
