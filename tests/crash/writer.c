/* The program that the crash tests run and kill. It writes events into a ledger as fast as it can, through plog.h
 * alone. After the library has accepted an event, it writes the event's id to the file `ack`, as a line with one
 * write(2).
 *
 *   crash_writer key=value...
 *     pattern=plain | fork-parent | fork-children | fork-both | clone | heads | steps | recover | verify
 *       (see the functions)
 *     db=PATH ack=PATH threads=N count=N (events per thread; 0: until killed) bytes=N (of an event's input)
 *     agents=N durability=process|power on_full=block|drop|raise limit=BYTES batch=N interval=MS block=MS
 *     pause=US (after each event) seconds=N (of verify) patience=MS (of the close) end=destroy|exit|_exit
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "provenlog/plog.h"

enum { kMaxThreads = 64 };

static const char* option(int argc, char** argv, const char* key, const char* fallback) {
  size_t size = strlen(key);
  int i;
  for (i = 1; i < argc; ++i) {
    if (strncmp(argv[i], key, size) == 0 && argv[i][size] == '=') return argv[i] + size + 1;
  }
  return fallback;
}

static long number(int argc, char** argv, const char* key, long fallback) {
  const char* text = option(argc, argv, key, NULL);
  return text != NULL ? atol(text) : fallback;
}

static plog_client* g_client;
static int g_ack = -1;
static long g_threads, g_count, g_agents, g_pause;
static const char* g_input = "";

static void fail(const char* what, plog_error* error) {
  fprintf(stderr, "%s: %s: %s\n", what, plog_status_name(plog_error_status(error)), plog_error_message(error));
  exit(3);
}

static void acknowledge(const char* id) {
  char line[64]; /* divides the page size: a kill can cut a write(2) short between two pages */
  memset(line, ' ', sizeof line);
  memcpy(line, id, 36);
  line[sizeof line - 1] = '\n';
  if (g_ack >= 0 && write(g_ack, line, sizeof line) != (ssize_t)sizeof line) {
    perror("acknowledge");
    exit(4);
  }
}

/* Logs one event. A refusal such as PLOG_E_FULL is printed when it differs from the last one, and is not a failure. */
static plog_status log_one(long agent, long n) {
  static plog_status said;
  char id[37];
  char head[200];
  plog_error* error = NULL;
  plog_status status;
  plog_event* event = NULL;
  int size = snprintf(head, sizeof head, "agent-%ld", agent % g_agents);
  status = plog_event_begin(g_client, &event, &error);
  if (status == PLOG_OK) {
    plog_event_key(event, "agent_id", 8);
    plog_event_string(event, head, (size_t)size);
    plog_event_key(event, "action_type", 11);
    plog_event_string(event, "TOOL_CALL", 9);
    plog_event_key(event, "action_input", 12);
    plog_event_begin_object(event);
    plog_event_key(event, "n", 1);
    plog_event_integer(event, n);
    plog_event_key(event, "pid", 3);
    plog_event_integer(event, (int64_t)getpid());
    plog_event_key(event, "text", 4);
    plog_event_string(event, g_input, strlen(g_input));
    plog_event_end_object(event);
    status = plog_event_commit(event, id, &error);
  }
  if (status == PLOG_OK) {
    acknowledge(id);
  } else if (status != said) {
    said = status;
    fprintf(stderr, "refused: %s: %s\n", plog_status_name(status), plog_error_message(error));
  }
  plog_error_destroy(error);
  return status;
}

static void* write_events(void* argument) {
  long thread = (long)argument;
  long n;
  for (n = 0; g_count == 0 || n < g_count; ++n) {
    log_one(thread, n);
    if (g_pause > 0) usleep((useconds_t)g_pause);
  }
  return NULL;
}

static void run_threads(void) {
  pthread_t threads[kMaxThreads];
  long i;
  for (i = 1; i < g_threads; ++i) pthread_create(&threads[i], NULL, write_events, (void*)i);
  write_events((void*)0);
  for (i = 1; i < g_threads; ++i) pthread_join(threads[i], NULL);
}

static unsigned next_random(unsigned* state) {
  *state = *state * 1103515245u + 12345u;
  return *state >> 16;
}

/* A child of fork(): logs some events through the inherited client and ends in one of three ways. */
static void be_child(unsigned random, long events) {
  long n;
  for (n = 0; n < events; ++n) log_one((long)(random % 7), n);
  if (random % 3 == 0) plog_client_close(g_client, 5000, NULL);
  if (random % 3 == 1) exit(0);
  _exit(0);
}

/* Forks children while threads log. They keep running if this process is killed. */
static void* fork_children(void* argument) {
  unsigned random = (unsigned)getpid() ^ (unsigned)time(NULL);
  for (;;) {
    const unsigned now = next_random(&random);
    const pid_t pid = fork();
    if (pid == 0) be_child(now, (long)(now % 400));
    if (pid < 0) usleep(1000);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    usleep(500 + now % 3000);
    (void)argument;
  }
  return NULL;
}

/* Forks children while threads log, and kills them at random instants. */
static void* kill_children(void* argument) {
  unsigned random = (unsigned)getpid() ^ (unsigned)time(NULL);
  for (;;) {
    const unsigned now = next_random(&random);
    const pid_t pid = fork();
    if (pid == 0) be_child(now, 1000000);
    usleep(now % 9000);
    if (pid > 0) {
      kill(pid, SIGKILL);
      waitpid(pid, NULL, 0);
    }
    (void)argument;
  }
  return NULL;
}

/* Logs in a child of a bare clone(2), which the C library does not see and runs no fork handlers for. */
static void clone_child(void) {
  const long pid = syscall(SYS_clone, (unsigned long)SIGCHLD, 0ul, 0ul, 0ul, 0ul);
  if (pid == 0) {
    long n;
    for (n = 0; g_count == 0 || n < g_count; ++n) log_one(5, n);
    syscall(SYS_exit_group, 0);
  }
}

/* Publishes heads and rotates keys while other threads log. If they pause, this pauses a hundred times as long. */
static void* tend_heads(void* argument) {
  unsigned random = (unsigned)getpid() ^ (unsigned)time(NULL);
  for (;;) {
    const unsigned now = next_random(&random);
    plog_error* error = NULL;
    plog_status status;
    if (now % 3 == 0) {
      status = plog_client_rotate_key(g_client, 30000, NULL, &error);
    } else {
      status = plog_client_checkpoint(g_client, 30000, NULL, &error);
    }
    if (status != PLOG_OK) fail("heads", error);
    usleep(g_pause > 0 ? (useconds_t)g_pause * 100 : now % 4000);
    (void)argument;
  }
  return NULL;
}

/* The steps of a ledger's life, one after the other: events, a head, a new key, more events. */
static void take_steps(void) {
  plog_error* error = NULL;
  write_events((void*)0);
  if (plog_client_flush(g_client, 30000, &error) != PLOG_OK) fail("plog_client_flush", error);
  if (plog_client_checkpoint(g_client, 30000, NULL, &error) != PLOG_OK) fail("plog_client_checkpoint", error);
  if (plog_client_rotate_key(g_client, 30000, NULL, &error) != PLOG_OK) fail("plog_client_rotate_key", error);
  write_events((void*)1);
}

static void print_report(const char* db) {
  plog_verify_options options;
  plog_buffer* report = NULL;
  plog_error* error = NULL;
  plog_verify_options_init(&options);
  options.db_path = db;
  if (plog_verify(NULL, &options, &report, &error) != PLOG_OK) fail("plog_verify", error);
  puts(plog_buffer_data(report));
  plog_buffer_destroy(report);
}

/* Verifies repeatedly, without a client, and prints each report. */
static void verify_on_and_on(const char* db, long seconds) {
  const time_t end = time(NULL) + seconds;
  do {
    print_report(db);
  } while (time(NULL) < end);
}

int main(int argc, char** argv) {
  const char* pattern = option(argc, argv, "pattern", "plain");
  const char* ack = option(argc, argv, "ack", NULL);
  const char* on_full = option(argc, argv, "on_full", "");
  const char* end = option(argc, argv, "end", "destroy");
  const long bytes = number(argc, argv, "bytes", 40);
  plog_client_options options;
  plog_error* error = NULL;
  pthread_t helper;
  char* input = malloc((size_t)bytes + 1);
  if (input == NULL) return 2;
  memset(input, 'x', (size_t)bytes);
  input[bytes] = '\0';
  g_input = input;
  g_threads = number(argc, argv, "threads", 1);
  g_count = number(argc, argv, "count", 0);
  g_agents = number(argc, argv, "agents", 3);
  g_pause = number(argc, argv, "pause", 0);
  if (g_threads < 1 || g_threads > kMaxThreads || g_agents < 1) return 2;
  if (ack != NULL) {
    g_ack = open(ack, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (g_ack < 0) {
      perror(ack);
      return 2;
    }
  }
  if (strcmp(pattern, "verify") == 0) {
    verify_on_and_on(option(argc, argv, "db", NULL), number(argc, argv, "seconds", 1));
    free(input);
    return 0;
  }
  plog_client_options_init(&options);
  options.db_path = option(argc, argv, "db", NULL);
  options.batch_size = (uint32_t)number(argc, argv, "batch", 0);
  options.flush_interval_ms = (uint32_t)number(argc, argv, "interval", 0);
  options.block_timeout_ms = (uint32_t)number(argc, argv, "block", 0);
  options.journal_limit_bytes = (uint64_t)number(argc, argv, "limit", 0);
  if (strcmp(option(argc, argv, "durability", ""), "power") == 0) options.durability = PLOG_DURABILITY_POWER;
  if (strcmp(on_full, "block") == 0) options.on_full = PLOG_ON_FULL_BLOCK;
  if (strcmp(on_full, "drop") == 0) options.on_full = PLOG_ON_FULL_DROP;
  if (strcmp(on_full, "raise") == 0) options.on_full = PLOG_ON_FULL_RAISE;
  if (plog_client_new(&options, &g_client, &error) != PLOG_OK) fail("plog_client_new", error);

  if (strcmp(pattern, "recover") == 0) {
    char* path = strdup(plog_client_db_path(g_client));
    if (plog_client_close(g_client, 30000, &error) != PLOG_OK) fail("plog_client_close", error);
    plog_client_destroy(g_client);
    print_report(path);
    free(path);
    return 0;
  }
  if (strcmp(pattern, "plain") == 0) {
    run_threads();
  } else if (strcmp(pattern, "fork-parent") == 0) {
    pthread_create(&helper, NULL, fork_children, NULL);
    run_threads();
  } else if (strcmp(pattern, "fork-children") == 0) {
    pthread_create(&helper, NULL, kill_children, NULL);
    run_threads();
  } else if (strcmp(pattern, "fork-both") == 0) {
    log_one(0, 0); /* so that the child inherits a journal */
    fork();
    run_threads();
  } else if (strcmp(pattern, "clone") == 0) {
    log_one(0, 0);
    clone_child();
    run_threads();
  } else if (strcmp(pattern, "heads") == 0) {
    pthread_create(&helper, NULL, tend_heads, NULL);
    run_threads();
  } else if (strcmp(pattern, "steps") == 0) {
    take_steps();
  } else {
    fprintf(stderr, "unknown pattern %s\n", pattern);
    return 2;
  }
  if (strcmp(end, "_exit") == 0) _exit(0);
  if (strcmp(end, "exit") == 0) exit(0);
  if (plog_client_close(g_client, number(argc, argv, "patience", 30000), &error) != PLOG_OK) {
    fail("plog_client_close", error);
  }
  plog_client_destroy(g_client);
  free(input);
  return 0;
}
