/* Preloaded into a program: kills it right before its KILLAT_N-th change below the directory KILLAT_DIR.
 *
 * A change is a call whose effect another process, or the next one, can see: it creates, writes, truncates, syncs,
 * renames or deletes a file. The fatal change is written to the file KILLAT_TRACE as a line "<number> <call> <path>".
 * With KILLAT_N=0 the program is not killed, and the file lists all changes, that is, all instants at which to kill it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char* g_directory;
static long g_fatal;
static int g_trace = -1;
static atomic_long g_count;

__attribute__((constructor)) static void attach(void) {
  const char* number = getenv("KILLAT_N");
  const char* trace = getenv("KILLAT_TRACE");
  g_directory = getenv("KILLAT_DIR");
  if (number != NULL) g_fatal = atol(number);
  if (trace != NULL)
    g_trace = (int)syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Counts a change of a file, and kills the process if it is the fatal one. */
static void change(const char* call, const char* path) {
  char whole[PATH_MAX];
  long number;
  if (*path != '/' && getcwd(whole, sizeof whole) != NULL && strlen(whole) + strlen(path) + 2 <= sizeof whole) {
    strcat(strcat(whole, "/"), path);
    path = whole;
  }
  if (g_directory == NULL || strncmp(path, g_directory, strlen(g_directory)) != 0) return;
  number = atomic_fetch_add(&g_count, 1) + 1;
  if (g_trace >= 0 && (g_fatal == 0 || number == g_fatal)) {
    char line[PATH_MAX + 64];
    const int size = snprintf(line, sizeof line, "%ld %s %s\n", number, call, path);
    if (syscall(SYS_write, g_trace, line, (size_t)size) != size) abort();
  }
  if (number == g_fatal) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
}

static void change_of(const char* call, int fd) {
  char link[64], path[PATH_MAX];
  ssize_t size;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return;
  path[size] = '\0';
  change(call, path);
}

/* Declares `next`, the function that this library wraps. */
#define NEXT(result, name, arguments) \
  static result(*next) arguments;     \
  if (next == NULL) *(void**)&next = dlsym(RTLD_NEXT, #name)

#define DEFINE_OPEN(name)                                  \
  int name(const char* path, int flags, ...) {             \
    mode_t mode = 0;                                       \
    NEXT(int, name, (const char*, int, ...));              \
    if ((flags & O_CREAT) != 0) {                          \
      va_list arguments;                                   \
      va_start(arguments, flags);                          \
      mode = (mode_t)va_arg(arguments, int);               \
      va_end(arguments);                                   \
      if (access(path, F_OK) != 0) change("create", path); \
    }                                                      \
    return next(path, flags, mode);                        \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_PWRITE(name, offset)                                \
  ssize_t name(int fd, const void* data, size_t size, offset at) { \
    NEXT(ssize_t, name, (int, const void*, size_t, offset));       \
    change_of("write", fd);                                        \
    return next(fd, data, size, at);                               \
  }
DEFINE_PWRITE(pwrite, off_t)
DEFINE_PWRITE(pwrite64, off64_t)

#define DEFINE_FTRUNCATE(name, offset) \
  int name(int fd, offset size) {      \
    NEXT(int, name, (int, offset));    \
    change_of("cut", fd);              \
    return next(fd, size);             \
  }
DEFINE_FTRUNCATE(ftruncate, off_t)
DEFINE_FTRUNCATE(ftruncate64, off64_t)

ssize_t write(int fd, const void* data, size_t size) {
  NEXT(ssize_t, write, (int, const void*, size_t));
  change_of("write", fd);
  return next(fd, data, size);
}

#define DEFINE_SYNC(name)   \
  int name(int fd) {        \
    NEXT(int, name, (int)); \
    change_of("sync", fd);  \
    return next(fd);        \
  }
DEFINE_SYNC(fsync)
DEFINE_SYNC(fdatasync)

#define DEFINE_NAME(name)                        \
  int name(const char* from, const char* to) {   \
    NEXT(int, name, (const char*, const char*)); \
    change(#name, to);                           \
    return next(from, to);                       \
  }
DEFINE_NAME(rename)
DEFINE_NAME(link)

int unlink(const char* path) {
  NEXT(int, unlink, (const char*));
  if (access(path, F_OK) == 0) change("unlink", path);
  return next(path);
}

int mkdir(const char* path, mode_t mode) {
  NEXT(int, mkdir, (const char*, mode_t));
  if (access(path, F_OK) != 0) change("mkdir", path);
  return next(path, mode);
}
