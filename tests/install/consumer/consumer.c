/* Records one event in the ledger of argv[1] and verifies it. */
#include <provenlog/plog.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
  const char* json = "{\"agent_id\":\"consumer\",\"action_name\":\"hello\"}";
  plog_client_options options;
  plog_client* client = NULL;
  plog_error* error = NULL;
  plog_buffer* report = NULL;
  if (argc != 2 || plog_abi_version() != PLOG_ABI_VERSION) {
    return 2;
  }
  plog_client_options_init(&options);
  options.db_path = argv[1];
  if (plog_client_new(&options, &client, &error) != PLOG_OK ||
      plog_log_event(client, json, strlen(json), NULL, &error) != PLOG_OK ||
      plog_verify(client, NULL, &report, &error) != PLOG_OK) {
    fprintf(stderr, "%s\n", plog_error_message(error));
    plog_error_destroy(error);
    plog_client_destroy(client);
    return 1;
  }
  printf("%s\n", plog_buffer_data(report));
  plog_buffer_destroy(report);
  plog_client_destroy(client);
  return 0;
}
