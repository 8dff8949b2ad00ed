/* Loads the library argv[1] at run time, without linking it, and records one event in the ledger argv[2]. */
#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <provenlog/plog.h>
#include <stdio.h>
#include <string.h>

/* ISO C cannot convert an object pointer to a function pointer; POSIX recommends this. */
#define LOAD(name) (*(void**)(&name) = dlsym(library, "plog_" #name), name != NULL)

static int32_t (*abi_version)(void);
static void (*client_options_init)(plog_client_options*);
static plog_status (*client_new)(const plog_client_options*, plog_client**, plog_error**);
static plog_status (*log_event)(plog_client*, const char*, size_t, char[37], plog_error**);
static void (*client_destroy)(plog_client*);

int main(int argc, char** argv) {
  const char* json = "{\"agent_id\":\"loader\",\"action_name\":\"hello\"}";
  plog_client_options options;
  plog_client* client = NULL;
  void* library = argc == 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
  if (library == NULL) {
    fprintf(stderr, "%s\n", argc == 3 ? dlerror() : "usage: loader LIBRARY LEDGER");
    return 2;
  }
  if (!LOAD(abi_version) || !LOAD(client_options_init) || !LOAD(client_new) || !LOAD(log_event) ||
      !LOAD(client_destroy)) {
    fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  if (abi_version() != PLOG_ABI_VERSION) {
    return 3;
  }
  client_options_init(&options);
  options.db_path = argv[2];
  if (client_new(&options, &client, NULL) != PLOG_OK || log_event(client, json, strlen(json), NULL, NULL) != PLOG_OK) {
    return 1;
  }
  client_destroy(client);
  /* The library stays loaded until the process exits, since its threads may still run. */
  return dlclose(library);
}
