/* Preloaded into a program: shifts its wall clock by the number of seconds in the file $FAULTS_CLOCK (an int64_t),
 * which may change at any time. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t* g_offset;
static int (*g_clock_gettime)(clockid_t, struct timespec*);

__attribute__((constructor)) static void attach(void) {
  const char* path = getenv("FAULTS_CLOCK");
  const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd >= 0) {
    void* at = mmap(NULL, sizeof *g_offset, PROT_READ, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) g_offset = at;
    close(fd);
  }
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  int result;
  if (g_clock_gettime == NULL) {
    *(void**)&g_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
  }
  result = g_clock_gettime(clock, now);
  if (result == 0 && g_offset != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += (time_t)*g_offset;
  }
  return result;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  struct timespec time;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &time) != 0) return -1;
  now->tv_sec = time.tv_sec;
  now->tv_usec = (suseconds_t)(time.tv_nsec / 1000);
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}
